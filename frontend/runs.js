/** The list of runs: open, rename, delete, take the recording away. */

import { api } from "./api.js";
import { byId, h } from "./dom.js";
import { isLive } from "./state.js";

/** @typedef {import("./types").Run} Run */

/** The settings that tell runs apart, in a few words. @param {Run} run @param {import("./types").Translate} t */
export function describe(run, t) {
  const { config } = run;
  if (!config) return t(`source.${run.source}`);
  const network = config.network ?? {};
  const parts = [
    config.dataset?.kind && t(`option.${config.dataset.kind}`),
    network.depth && `${network.depth} × ${network.width} ${network.activation ?? ""}`.trim(),
    config.optimizer && `${t(`option.${config.optimizer.kind}`)} ${config.optimizer.learning_rate}`,
    config.batch_size && t("describe.batch", { size: config.batch_size }), t("describe.seed", { seed: config.seed }),
  ];
  return parts.filter(Boolean).join(" · ");
}

/**
 * @param {{state: () => import("./state.js").State, t: () => import("./types").Translate, open: (run: string | null) => void,
 *   pair: (run: string) => void, dispatch: (action: import("./state.js").Action) => void, attempt: (work: () => Promise<any>) => Promise<any>, again: (config: Record<string, any>) => void}} host
 */
export function makeRuns(host) {
  /** @type {HTMLDialogElement} */
  const dialog = byId("runs");
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });

  /** @param {Run} run */
  function item(run) {
    const t = host.t();
    const current = host.state().open === run.id;
    const label = (/** @type {string} */ key) => ({ type: "button", "aria-label": `${t(key)}: ${run.name}` });
    return h("li", { "aria-current": current ? "true" : undefined },
      h("button", { type: "button", class: "name", on: { click: () => (dialog.close(), host.open(run.id)) } }, run.name),
      h("span", { class: "pill", "data-state": run.state }, t(`state.${run.state}`)),
      h("div", { class: "actions" },
        h("button", { ...label("rename"), on: { click: () => rename(run) } }, t("rename")),
        !current && host.state().open !== null ? h("button", { ...label("compare.with"), on: { click: () => host.pair(run.id) } }, t("compare.with")) : null,
        run.config ? h("button", { ...label("again"), on: { click: () => (dialog.close(), host.again(/** @type {any} */ (run.config))) } }, t("again")) : null,
        h("button", { ...label("recording"), on: { click: () => location.assign(api.recording(run.id)) } }, t("recording")),
        h("button", { ...label("delete"), class: "danger", disabled: isLive(run), title: isLive(run) ? t("delete.live") : "", on: { click: () => remove(run) } }, t("delete"))),
      h("span", { class: "about" }, [describe(run, t), t("progress.at", { step: run.step.toLocaleString() }), run.reason].filter(Boolean).join(" · ")));
  }

  /** @param {Run} run */
  async function rename(run) {
    const name = globalThis.prompt(host.t()("rename.ask"), run.name)?.trim();
    if (!name || name === run.name) return;
    const answer = await host.attempt(() => api.change(run.id, { name }));
    if (answer) host.dispatch({ type: "state", run: answer });
  }

  /** @param {Run} run */
  async function remove(run) {
    if (!globalThis.confirm(host.t()("delete.ask", { name: run.name }))) return;
    const done = await host.attempt(() => api.remove(run.id).then(() => true));
    if (!done) return;
    host.dispatch({ type: "removed", run: run.id });
    if (host.state().open === run.id) host.open(null);
  }

  function refresh() {
    if (!dialog.open) return;
    const t = host.t();
    const { runs } = host.state();
    dialog.replaceChildren(
      h("div", { class: "head" }, h("h2", { id: "runs-title" }, t("runs")), h("button", { type: "button", class: "plain", "aria-label": t("close"), on: { click: () => dialog.close() } }, "✕")),
      h("div", { class: "body" }, runs === null ? h("p", {}, t("runs.loading")) : runs.length === 0 ? h("p", {}, t("runs.empty")) : h("ul", { class: "runs" }, ...runs.map(item))));
  }

  return {
    refresh,
    async open() {
      dialog.showModal();
      refresh();
      const runs = await host.attempt(() => api.runs());
      if (runs) host.dispatch({ type: "runs", runs });
    },
  };
}
