/** The legend of a chart, in its card and in the pictures that are taken of it. */

import { h, setText } from "../app/dom.js";

/** @typedef {import("../types").LegendItem} LegendItem */

/** @param {LegendItem} item */
function swatchOf({ colors = [], width = 2, dash }) {
  const across = colors.length > 1 ? `linear-gradient(90deg, ${colors.join(", ")})` : (colors[0] ?? "transparent");
  const style =
    dash === "dot" ? `border-top: ${width}px dotted ${colors[0]}` : `height: ${width}px; background: ${across}`;
  return h("i", { class: dash === "field" ? "field" : "", style, "aria-hidden": "true" });
}

/** A legend that is drawn anew only where its looks change; its words may change at any time. */
export function makeLegend() {
  const element = h("p", { class: "legend" });
  let looks = "";
  /** @type {HTMLElement[]} */
  let texts = [];

  /** @param {LegendItem[]} items */
  function refresh(items) {
    const wanted = JSON.stringify(items.map(({ text: _, ...look }) => look));
    element.hidden = items.length === 0;
    if (wanted !== looks) {
      looks = wanted;
      texts = items.map(() => h("span", {}));
      element.replaceChildren(
        ...items.map((item, i) => h("span", { class: "item" }, item.colors ? swatchOf(item) : null, texts[i])),
      );
    }
    for (const [i, { text }] of items.entries()) setText(texts[i], text);
  }

  return { element, refresh };
}

const SIGNS = { dot: "┄", field: "■", line: "━" };

/**
 * The legend as a line of Plotly's text.
 * @param {LegendItem[]} items
 * @param {(text: string) => string} escapeText
 */
export const legendText = (items, escapeText) =>
  items
    .map(({ text, colors = [], dash }) => {
      const sign = SIGNS[dash ?? "line"];
      const signs = colors.map((color) => `<span style="color:${color}">${sign}</span>`).join("");
      return [signs, escapeText(text)].filter(Boolean).join(" ");
    })
    .join("    ");
