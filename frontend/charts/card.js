/** The card around a chart: title, help, pictures and numbers to take away, and its text summary. */

import { h, setText } from "../app/dom.js";
import { named } from "../app/i18n.js";
import { driftName, driftQuantities, driftShown } from "../views/drift.js";
import { focusLayer, valueShown } from "../views/focus.js";
import { candidates, subject } from "../views/microscope.js";
import { drawEquations } from "./equations.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").View} View */

/**
 * @param {string} name
 * @param {string} address
 */
function download(name, address) {
  const link = h("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
}

/**
 * A cell of a CSV file: quoted where it must be; text that a spreadsheet would run is made text.
 * @param {string | number} value
 */
export function csvCell(value) {
  if (typeof value === "number") return Number.isNaN(value) ? "NaN" : String(value);
  const text = /^[=+\-@]/.test(value) ? `'${value}` : value;
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** @param {(string | number)[][]} table */
export const csv = (table) => `${table.map((row) => row.map(csvCell).join(",")).join("\n")}\n`;

/**
 * @param {View} view
 * @param {Scene} first
 * @param {{dispatch: (action: import("../app/store.js").Action) => void,
 *   picture: (format: "png" | "svg") => Promise<string>,
 *   scene: () => Scene | null, help: () => void, hide?: () => void}} host
 */
export function card(view, first, host) {
  const { t } = first;
  const file = (/** @type {string} */ ending) =>
    `${first.run.name || first.run.id} ${view.id}.${ending}`.replace(/[^\w .-]+/g, "_");
  const tool = (/** @type {string} */ text, /** @type {string} */ title, /** @type {() => void} */ act) =>
    h(
      "button",
      { type: "button", title, "aria-label": `${t(`view.${view.id}`)}: ${title}`, on: { click: act } },
      text,
    );
  const take = (/** @type {Parameters<typeof tool>} */ ...given) =>
    Object.assign(tool(...given), { className: "take" });
  const title = h("h2", { id: `title-${view.id}` }, t(`view.${view.id}`));
  const summary = h("p", { class: "visually-hidden", id: `summary-${view.id}` });
  const chart = h("div", {
    class: "chart",
    role: "group",
    "aria-labelledby": title.id,
    "aria-describedby": summary.id,
  });
  const picture = (/** @type {"png" | "svg"} */ format) => () =>
    host.picture(format).then((address) => download(file(format), address));
  const table = () => {
    const scene = host.scene();
    if (!scene) return;
    const address = URL.createObjectURL(new Blob([csv(view.table(scene))], { type: "text/csv" }));
    download(file("csv"), address);
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  };
  const extras = choices(view, first, host);
  const count = h("span", { class: "count", hidden: true });
  const element = h(
    "article",
    { class: "card", "data-view": view.id },
    h(
      "header",
      {},
      title,
      h("span", { class: "note" }, t(`note.${view.id}`)),
      count,
      h(
        "div",
        { class: "tools" },
        tool("?", t("help"), host.help),
        take("PNG", t("save.png"), picture("png")),
        take("SVG", t("save.svg"), picture("svg")),
        take("CSV", t("save.csv"), table),
        host.hide ? Object.assign(tool("✕", t("chart.hide"), host.hide), { className: "hide" }) : null,
      ),
    ),
    extras?.element,
    chart,
    h("p", { class: "empty", hidden: true }, t("empty.view")),
    summary,
  );
  const refresh = (/** @type {Scene} */ scene) => {
    extras?.refresh(scene);
    for (const select of /** @type {NodeListOf<HTMLSelectElement>} */ (element.querySelectorAll("select.layer")))
      if (document.activeElement !== select) select.value = focusLayer(scene);
    nonfinite(view, scene, count);
  };
  return { element, chart, summary, refresh };
}

/**
 * How many values are no numbers any more, beside the losses.
 * @param {View} view
 * @param {Scene} scene
 * @param {HTMLElement} element
 */
function nonfinite(view, scene, element) {
  if (view.id !== "loss") return;
  const texts = scene.header.networks.flatMap((network) => {
    const place = scene.places.find("nonfinite_count", { network: network.name });
    if (!place) return [];
    const count = valueShown(scene, place);
    return count > 0
      ? [
          scene.t("nonfinite", {
            network: named(network.name, scene.t),
            count: count.toLocaleString(scene.t("locale")),
          }),
        ]
      : [];
  });
  element.hidden = texts.length === 0;
  setText(element, texts.join("; "));
}

/**
 * The layer in focus, for who has no pointer.
 * @param {Scene} first
 * @param {(change: Partial<import("../types").Look>) => void} look
 */
function layerChoice(first, look) {
  const select = h(
    "select",
    { class: "layer", on: { change: () => look({ layer: select.value }) } },
    ...first.places.layers.map((name) => h("option", { value: name }, named(name, first.t))),
  );
  select.value = focusLayer(first);
  return h("label", {}, first.t("layer"), select);
}

/**
 * Fill a choice of networks; it is made anew only when they change.
 * @param {HTMLSelectElement} select
 * @param {string[]} names
 * @param {string} chosen
 * @param {Scene} scene
 */
function offer(select, names, chosen, scene) {
  const known = [...select.options].map((option) => option.value);
  if (known.join("\n") !== names.join("\n"))
    select.replaceChildren(...names.map((name) => h("option", { value: name }, named(name, scene.t))));
  if (document.activeElement !== select) select.value = chosen;
}

/**
 * Choices that belong to one chart.
 * @param {View} view
 * @param {Scene} first
 * @param {{dispatch: (action: import("../app/store.js").Action) => void}} host
 */
function choices(view, first, host) {
  const { t } = first;
  const look = (/** @type {Partial<import("../types").Look>} */ change) =>
    host.dispatch({ type: "look", look: change });
  if (view.id === "ridges") {
    const scale = h(
      "select",
      { on: { change: () => look({ scale: /** @type {"sigma" | "value"} */ (scale.value) }) } },
      h("option", { value: "sigma" }, t("scale.sigma")),
      h("option", { value: "value" }, t("scale.value")),
    );
    const compare = h("input", {
      type: "number",
      min: "0",
      step: "1",
      on: { change: () => look({ compare: Math.max(0, Math.round(Number(compare.value) || 0)) }) },
    });
    const refresh = (/** @type {Scene} */ scene) => {
      scale.value = scene.look.scale;
      if (document.activeElement !== compare) compare.value = String(scene.look.compare);
    };
    refresh(first);
    return {
      element: h(
        "div",
        { class: "choices" },
        h("label", {}, t("scale"), scale),
        h("label", {}, t("compare"), compare),
      ),
      refresh,
    };
  }
  if (view.id === "microscope") {
    const unit = h("input", {
      type: "number",
      min: "0",
      step: "1",
      on: {
        change: () => look({ unit: unit.value === "" ? null : Math.max(0, Math.round(Number(unit.value) || 0)) }),
      },
    });
    const networks = h("select", { on: { change: () => look({ network: networks.value }) } });
    const network = h("label", {}, t("network"), networks);
    const math = h("div", { class: "math" });
    const refresh = (/** @type {Scene} */ scene) => {
      offer(
        networks,
        candidates(scene).map((one) => one.network.name),
        subject(scene)?.network.name ?? "",
        scene,
      );
      network.hidden = networks.options.length < 2;
      const size = subject(scene)?.layer?.features;
      if (size) unit.max = String(size - 1);
      if (document.activeElement !== unit) unit.value = String(scene.look.unit ?? 0);
      drawEquations(math, scene);
    };
    refresh(first);
    return {
      element: h(
        "div",
        { class: "choices" },
        network,
        layerChoice(first, look),
        h("label", {}, t("unit"), unit),
        math,
      ),
      refresh: (/** @type {Scene} */ scene) => refresh(scene),
    };
  }
  if (view.id === "density")
    return { element: h("div", { class: "choices" }, layerChoice(first, look)), refresh: () => {} };
  const measures = view.id === "shift" ? driftQuantities(first) : [];
  if (measures.length > 1) {
    const select = h(
      "select",
      { on: { change: () => look({ drift: select.value }) } },
      ...measures.map((name) => h("option", { value: name }, driftName(first, name))),
    );
    const refresh = (/** @type {Scene} */ scene) => {
      select.value = driftShown(scene);
    };
    refresh(first);
    return { element: h("div", { class: "choices" }, h("label", {}, t("drift"), select)), refresh };
  }
  return null;
}
