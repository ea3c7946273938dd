/** The list of runs, each with a small curve of its losses: open, rename, delete, take the recording away. */

import { api } from "../api.js";
import { byId, h, setText } from "../app/dom.js";
import { runName, said } from "../app/server-messages.js";
import { isLive } from "../app/store.js";
import { describe } from "./describe.js";
import { drawSparkline } from "./sparkline.js";

/** @typedef {import("../types").Run} Run */

/** How long until the list and the curves in it are asked for anew. */
const ASK_EVERY = 3000;

/** Day and time at which a run was begun. @param {Run} run @param {import("../types").Translate} t */
const when = (run, t) =>
  new Date(1000 * run.created).toLocaleString(t("locale"), { dateStyle: "short", timeStyle: "short" });

/**
 * @param {{state: () => import("../app/store.js").State, t: () => import("../types").Translate,
 *   open: (run: string | null) => void, theme: () => import("../types").Theme,
 *   pair: (run: string) => void, dispatch: (action: import("../app/store.js").Action) => void,
 *   attempt: (work: () => Promise<any>) => Promise<any>, again: (config: Record<string, any>) => void}} host
 */
export function makeRuns(host) {
  /** @type {HTMLDialogElement} */
  const dialog = byId("runs");
  const list = h("ul", { class: "runs" });
  /** @type {Map<string, ReturnType<typeof row> & {key: string}>} */
  const rows = new Map();
  /** @type {Map<string, import("../types").LossCurves>} */
  const curves = new Map();
  let drawn = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => clearTimeout(timer));

  /** Close the list, and go on elsewhere. @param {() => void} act */
  function leave(act) {
    dialog.close();
    act();
  }

  /** The row of a run, and what keeps it up to date without taking the focus from its buttons. @param {Run} run */
  function row(run) {
    const t = host.t();
    const current = host.state().open === run.id;
    const name = runName(run, host.state().experiments, t);
    const label = (/** @type {string} */ key) => ({ type: "button", "aria-label": `${t(key)}: ${name}` });
    const pill = h("span", { class: "pill" });
    const remover = h(
      "button",
      { ...label("delete"), class: "danger", on: { click: () => remove(run) } },
      t("delete"),
    );
    const about = h("span", { class: "about" });
    const spark = h("span", { class: "spark-place" });
    const element = h(
      "li",
      { "aria-current": current ? "true" : undefined },
      h("button", { type: "button", class: "name", on: { click: () => leave(() => host.open(run.id)) } }, name),
      spark,
      pill,
      h(
        "div",
        { class: "actions" },
        h("button", { ...label("rename"), on: { click: () => rename(run) } }, t("rename")),
        !current && host.state().open !== null
          ? h("button", { ...label("compare.with"), on: { click: () => host.pair(run.id) } }, t("compare.with"))
          : null,
        run.config
          ? h(
              "button",
              {
                ...label("again"),
                on: { click: () => leave(() => host.again(/** @type {any} */ (run.config))) },
              },
              t("again"),
            )
          : null,
        h(
          "button",
          { ...label("recording"), on: { click: () => location.assign(api.recording(run.id)) } },
          t("recording"),
        ),
        remover,
      ),
      about,
    );
    /** @type {import("../types").LossCurves | undefined} */
    let shown;
    const update = (/** @type {Run} */ now) => {
      pill.dataset.state = now.state;
      setText(pill, t(`state.${now.state}`));
      remover.disabled = isLive(now);
      remover.title = isLive(now) ? t("delete.live") : "";
      setText(
        about,
        [describe(now, t), when(now, t), t("progress.at", { step: now.step.toLocaleString() }), said(now.reason, t)]
          .filter(Boolean)
          .join(" · "),
      );
      const curve = curves.get(now.id);
      if (!curve || curve === shown) return;
      shown = curve;
      spark.replaceChildren(drawSparkline(curve, t, host.theme().name));
    };
    return { element, update };
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
    if (!globalThis.confirm(host.t()("delete.ask", { name: runName(run, host.state().experiments, host.t()) })))
      return;
    const done = await host.attempt(() => api.remove(run.id).then(() => true));
    if (!done) return;
    host.dispatch({ type: "removed", run: run.id });
    if (host.state().open === run.id) host.open(null);
  }

  function refresh() {
    if (!dialog.open) return;
    const { runs, open } = host.state();
    const t = host.t();
    const frame = `${t("locale")}|${runs === null ? "loading" : runs.length ? "list" : "empty"}`;
    if (frame !== drawn) {
      drawn = frame;
      dialog.replaceChildren(
        h(
          "div",
          { class: "head" },
          h("h2", { id: "runs-title" }, t("runs")),
          h(
            "button",
            { type: "button", class: "plain", "aria-label": t("close"), on: { click: () => dialog.close() } },
            "✕",
          ),
        ),
        h(
          "div",
          { class: "body" },
          runs === null ? h("p", {}, t("runs.loading")) : runs.length === 0 ? h("p", {}, t("runs.empty")) : list,
        ),
      );
    }
    for (const [id, { element }] of rows) {
      if (runs?.some((run) => run.id === id)) continue;
      element.remove();
      rows.delete(id);
    }
    runs?.forEach((run, i) => {
      const key = JSON.stringify([
        t("locale"),
        host.theme().name,
        run.name,
        host.state().experiments.length,
        open === run.id,
        open !== null,
      ]);
      let one = rows.get(run.id);
      if (one?.key !== key) {
        const made = { ...row(run), key };
        const focused = one?.element.contains(document.activeElement) ? document.activeElement?.textContent : null;
        one?.element.replaceWith(made.element);
        if (focused)
          [...made.element.querySelectorAll("button")].find((button) => button.textContent === focused)?.focus();
        one = made;
        rows.set(run.id, one);
      }
      one.update(run);
      if (list.children[i] !== one.element) list.insertBefore(one.element, list.children[i] ?? null);
    });
  }

  /**
   * The list and its curves, again and again while it is open: a curve is asked for only where frames have come since,
   * one at a time.
   */
  async function ask() {
    clearTimeout(timer);
    const runs = /** @type {Run[] | null} */ (await host.attempt(() => api.runs()));
    if (runs) host.dispatch({ type: "runs", runs });
    for (const run of runs ?? []) {
      if (!dialog.open) return;
      if (run.seq === 0 || curves.get(run.id)?.seq === run.seq) continue;
      const curve = await api.curve(run.id).catch(() => null);
      if (!curve) continue;
      curves.set(run.id, curve);
      const now = host.state().runs?.find((one) => one.id === run.id);
      if (now) rows.get(run.id)?.update(now);
    }
    if (dialog.open) timer = setTimeout(ask, ASK_EVERY);
  }

  return {
    refresh,
    open() {
      dialog.showModal();
      refresh();
      return ask();
    },
  };
}
