/** Draws the way of a followed sample above a chart: image, one unit a layer, logits as bars, answer. */

import { h, svg } from "../app/dom.js";

/** @typedef {import("../types").SampleWay} SampleWay */

/** Of one bar and its digit, in the drawing's own units. */
const [WIDE, HIGH, DIGIT] = [13, 30, 11];

/** An image as it is seen. @param {import("../views/followed.js").Samples} samples @param {number} index */
export function imageOf({ channels, rows, columns, pixels }, index) {
  const canvas = h("canvas", { width: String(columns), height: String(rows), "aria-hidden": "true" });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.createImageData(columns, rows);
  const size = rows * columns;
  for (let i = 0; i < size; i++) {
    for (let color = 0; color < 3; color++)
      image.data[4 * i + color] = pixels[(index * channels + (channels === 3 ? color : 0)) * size + i];
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** A bar a class, up or down from 0; that of the sample's own class is named in bold. @param {SampleWay} way */
function bars({ logits, label, color, says }) {
  const high = Math.max(0, ...logits);
  const scale = HIGH / Math.max(1e-9, high - Math.min(0, ...logits));
  const drawn = logits.flatMap((logit, i) => {
    const top = scale * (high - Math.max(0, logit));
    const bar = { x: i * WIDE + 2, y: top, width: WIDE - 4, height: Math.max(0.5, scale * Math.abs(logit)) };
    const digit = svg("text", { x: (i + 0.5) * WIDE, y: HIGH + DIGIT - 1, class: i === label ? "own" : "" });
    digit.textContent = String(i);
    return [svg("rect", { ...bar, fill: color }), digit];
  });
  const viewBox = `0 0 ${WIDE * logits.length} ${HIGH + DIGIT}`;
  const size = { width: WIDE * logits.length, height: HIGH + DIGIT };
  return svg("svg", { viewBox, ...size, role: "img", "aria-label": says }, ...drawn);
}

const arrow = () => h("span", { class: "to", "aria-hidden": "true" }, "→");

/** @param {HTMLElement} root @param {SampleWay | null} way null where none is followed */
export function drawWay(root, way) {
  root.hidden = way === null;
  if (!way || root.dataset.key === way.key) return;
  root.dataset.key = way.key;
  root.replaceChildren(
    h("span", { class: "step" }, imageOf(way.samples, way.sample), h("span", {}, way.name)),
    ...way.steps.flatMap(({ text, value, gap, focused }) => [
      arrow(),
      ...(gap ? [h("span", { class: "to" }, "…"), arrow()] : []),
      h("span", { class: focused ? "step focused" : "step" }, h("b", {}, value), h("span", {}, text)),
    ]),
    arrow(),
    bars(way),
    arrow(),
    h("b", {}, way.answer),
  );
}
