/** The legend of a chart, in its card and in the pictures that are taken of it. */

import { h, setText } from "../app/dom.js";

/** @typedef {import("../types").LegendItem} LegendItem */

/** A dashed line as a background. @param {string} color @param {number[]} pattern */
function strokes(color, pattern) {
  let at = 0;
  const stops = pattern.map((length, i) => {
    const from = at;
    at += length;
    return `${i % 2 ? "transparent" : color} ${from}px ${at}px`;
  });
  return `repeating-linear-gradient(90deg, ${stops.join(", ")})`;
}

/** @param {LegendItem} item */
function swatchOf({ colors = [], width = 2, dash, pattern = [] }) {
  const across = pattern.length
    ? strokes(colors[0], pattern)
    : colors.length > 1
      ? `linear-gradient(90deg, ${colors.join(", ")})`
      : (colors[0] ?? "transparent");
  const style =
    dash === "dot" ? `border-top: ${width}px dotted ${colors[0]}` : `height: ${width}px; background: ${across}`;
  return h("i", { class: dash === "field" ? "field" : "", style, "aria-hidden": "true" });
}

/** A legend that is drawn anew only where its styles change; its words may change at any time. */
export function makeLegend() {
  const element = h("p", { class: "legend" });
  let styles = "";
  /** @type {HTMLElement[]} */
  let texts = [];

  /** @param {LegendItem[]} items */
  function refresh(items) {
    const wanted = JSON.stringify(items.map(({ text: _, ...style }) => style));
    element.hidden = items.length === 0;
    if (wanted !== styles) {
      styles = wanted;
      texts = items.map(() => h("span", {}));
      element.replaceChildren(
        ...items.map((item, i) => h("span", { class: "item" }, item.colors ? swatchOf(item) : null, texts[i])),
      );
    }
    for (const [i, { text }] of items.entries()) setText(texts[i], text);
  }

  return { element, refresh };
}

const SIGNS = { dot: "┄", field: "■", line: "━", dashed: "╍╍" };
/** About how wide a letter and a sign are in a picture, in pixels. */
const LETTER = 6.5;
const SIGN = 12;
const BETWEEN = 14;

/** Of several colours, the first and the last stand in a picture. @param {string[]} colors */
const ends = (colors) => (colors.length > 2 ? [colors[0], colors[colors.length - 1]] : colors);

/** @param {LegendItem} item */
const widthOf = ({ text, colors = [] }) => BETWEEN + LETTER * text.length + SIGN * ends(colors).length;

/**
 * The legend as lines of Plotly's text, each of at most this width.
 * @param {LegendItem[]} items
 * @param {number} width
 * @param {(text: string) => string} escapeText
 * @returns {string[]}
 */
export function legendLines(items, width, escapeText) {
  /** @type {string[][]} */
  const lines = [];
  let left = 0;
  for (const item of items) {
    if (widthOf(item) > left) {
      lines.push([]);
      left = width;
    }
    left -= widthOf(item);
    const sign = SIGNS[item.dash ?? (item.pattern?.length ? "dashed" : "line")];
    const signs = ends(item.colors ?? []).map((color) => `<span style="color:${color}">${sign}</span>`);
    lines[lines.length - 1].push([signs.join(""), escapeText(item.text)].filter(Boolean).join(" "));
  }
  return lines.map((line) => line.join("    "));
}
