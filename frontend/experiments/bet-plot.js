/** The plot of a bet: a curve that is drawn by hand on labelled axes, and what was measured over it. */

import { h, svg } from "../app/dom.js";
import { drawnOver } from "./bets.js";

/** @typedef {import("../types").Translate} Translate */

const [WIDTH, HEIGHT] = [240, 110];
/** Around the plot, for what its axes say. */
const ROOM = { left: 36, right: 14, top: 8, bottom: 32 };
const TICKS = [0, 50, 100];

/** @param {[number, number][]} points each from 0 to 1 */
export const lineOf = (points) =>
  points.map(([x, y]) => `${(x * WIDTH).toFixed(1)},${((1 - y) * HEIGHT).toFixed(1)}`).join(" ");

/** @param {number[]} curve @returns {[number, number][]} */
export const spreadOut = (curve) => curve.map((y, i) => [i / (curve.length - 1), y]);

/** @param {string} text @param {number} x @param {number} y @param {Record<string, string | number>} [more] */
function words(text, x, y, more = {}) {
  const element = svg("text", { x, y, ...more });
  element.append(text);
  return element;
}

/** Both axes, in percent. @param {Translate} t */
function axes(t) {
  const percent = (/** @type {number} */ value) => t("percent", { value });
  return TICKS.flatMap((tick) => {
    const [x, y] = [(tick / 100) * WIDTH, (1 - tick / 100) * HEIGHT];
    return [
      svg("line", { x1: 0, x2: WIDTH, y1: y, y2: y }),
      svg("line", { x1: x, x2: x, y1: 0, y2: HEIGHT }),
      words(percent(tick), -5, y + 3.5, { "text-anchor": "end" }),
      words(percent(tick), x, HEIGHT + 13, { "text-anchor": "middle" }),
    ];
  }).concat(
    words(t("bet.axis.x"), WIDTH / 2, HEIGHT + 27, { "text-anchor": "middle" }),
    words(t("bet.axis.y"), 4, 11),
  );
}

/** A frame in which curves of accuracies stand. @param {string} label @param {Translate} t @param {...Node} lines */
export const frameOf = (label, t, ...lines) =>
  svg(
    "svg",
    {
      viewBox: `${-ROOM.left} ${-ROOM.top} ${WIDTH + ROOM.left + ROOM.right} ${HEIGHT + ROOM.top + ROOM.bottom}`,
      role: "img",
      "aria-label": label,
    },
    svg("rect", { width: WIDTH, height: HEIGHT }),
    ...axes(t),
    ...lines,
  );

/** Where a pointer is in the plot, from 0 to 1. @param {SVGSVGElement} plot @param {PointerEvent} event */
function placeOf(plot, { clientX, clientY }) {
  const point = new DOMPoint(clientX, clientY).matrixTransform(plot.getScreenCTM()?.inverse());
  return /** @type {[number, number]} */ ([point.x / WIDTH, 1 - point.y / HEIGHT]);
}

/**
 * Let a curve be drawn by dragging over its plot, with a mouse, a pen or a finger.
 * @param {Element} element
 * @param {{curve: () => number[], change: (curve: number[]) => void}} host
 */
export function drawable(element, { curve, change }) {
  const plot = /** @type {SVGSVGElement} */ (element);
  /** @type {[number, number] | null} */
  let last = null;
  const draw = (/** @type {PointerEvent} */ event) => {
    const at = placeOf(plot, event);
    change(drawnOver(curve(), last ?? at, at));
    last = at;
  };
  plot.addEventListener("pointerdown", (event) => {
    plot.setPointerCapture(event.pointerId);
    draw(event);
    event.preventDefault();
  });
  plot.addEventListener("pointermove", (event) => last && draw(event));
  for (const end of /** @type {const} */ (["pointerup", "pointercancel"]))
    plot.addEventListener(end, () => {
      last = null;
    });
  plot.classList.add("drawn");
}

/** What the lines are. @param {Translate} t @param {boolean} measured whether there is a measured one */
export const keyOf = (t, measured) =>
  h(
    "p",
    { class: "curves" },
    h("span", {}, h("i", { "aria-hidden": "true" }), t("bet.mine")),
    measured ? h("span", {}, h("i", { class: "measured", "aria-hidden": "true" }), t("bet.measured")) : null,
  );
