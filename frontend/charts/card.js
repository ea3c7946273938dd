/** The card around a chart: title, choices, legend, warning, tools and text summary, as its view has them. */

import { h, setText } from "../app/dom.js";
import { makeControls } from "./controls.js";
import { drawEquations } from "./equations.js";
import { makeLegend } from "./legend.js";
import { missingParts } from "./missing.js";
import { drawWay } from "./sample-way.js";
import { makeTools } from "./save.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").View} View */

/**
 * The parts of a card that change, and the element that holds them all.
 * @param {View} view
 * @param {Scene} first
 * @param {import("./save.js").SaveHost & {dispatch: (action: import("../app/store.js").Action) => void}} host
 */
function makeParts(view, first, host) {
  const { t } = first;
  const title = h("h2", { id: `title-${view.id}` }, t(`view.${view.id}`));
  const summary = h("p", { class: "visually-hidden", id: `summary-${view.id}` });
  const chart = h("div", {
    class: "chart",
    role: "group",
    "aria-labelledby": title.id,
    "aria-describedby": summary.id,
  });
  const controls = makeControls(host.dispatch, t);
  const legend = makeLegend();
  const badge = h("span", { class: "badge", hidden: true });
  const math = h("div", { class: "math", hidden: true });
  const way = h("div", { class: "way", hidden: true });
  const empty = h("p", { class: "empty", hidden: true }, t("empty.view"));
  const help = h(
    "div",
    { class: "help", id: `help-${view.id}`, hidden: true, role: "note", tabIndex: 0 },
    ...t(`help.${view.id}`)
      .split("\n")
      .map((text) => h("p", {}, text)),
  );
  const tools = makeTools(view, first, host, help);
  const element = h(
    "article",
    { class: "card", "data-view": view.id, "data-size": view.size ?? "small" },
    h("header", {}, title, h("span", { class: "note" }, t(`note.${view.id}`)), badge, tools),
    controls.element,
    math,
    way,
    legend.element,
    chart,
    empty,
    help,
    summary,
  );
  return { element, chart, controls, legend, badge, math, way, empty, summary, tools };
}

/**
 * @param {View} view
 * @param {Scene} first
 * @param {import("./save.js").SaveHost & {dispatch: (action: import("../app/store.js").Action) => void}} host
 */
export function card(view, first, host) {
  const { element, chart, controls, legend, badge, math, way, empty, summary, tools } = makeParts(view, first, host);

  /** What it says in words, for who cannot see its chart too. @param {Scene} scene */
  function refresh(scene) {
    controls.refresh(view.controls?.(scene) ?? []);
    legend.refresh(view.legend?.(scene) ?? []);
    drawEquations(math, view.equations?.(scene) ?? null);
    drawWay(way, view.way?.(scene) ?? null);
    const warning = view.badge?.(scene) ?? "";
    badge.hidden = warning === "";
    setText(badge, warning);
    setText(summary, view.summary(scene));
    if (view.panelRows) element.style.setProperty("--rows", String(view.panelRows(scene)));
  }

  /**
   * The layer in focus lacks what the chart shows: the card stays, and says so; or a script lacks a line.
   * @param {boolean} nothing @param {Scene} scene
   */
  function setEmpty(nothing, scene) {
    const missing = nothing ? view.missing?.(scene) : null;
    empty.classList.toggle("missing", Boolean(missing));
    empty.replaceChildren(...(missing ? missingParts(missing, scene.t) : [scene.t("empty.view")]));
    element.classList.toggle("nothing", nothing);
    empty.hidden = !nothing;
    for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (tools.querySelectorAll(".take")))
      button.disabled = nothing;
  }

  controls.refresh(view.controls?.(first) ?? []);
  legend.refresh(view.legend?.(first) ?? []);
  return { element, chart, refresh, setEmpty };
}
