/**
 * Draws the shapes that move in every frame, away from the page's own thread. Of what arrives between two frames of
 * the screen only the last is drawn.
 */

import { drawOutlines } from "./outlines.js";

/** @typedef {import("./shapes.js").Order} Order */
/**
 * @typedef {{canvas: OffscreenCanvas, plan: import("./shapes.js").Plan | null,
 *   shapes: import("./shapes.js").Points | null}} Sheet
 */

/** @type {Map<number, Sheet>} */
const sheets = new Map();
const changed = new Set();

addEventListener("message", (/** @type {MessageEvent<Order>} */ { data: order }) => {
  if (order.kind === "report") return report(order.port);
  if (order.kind === "open") return void sheets.set(order.sheet, { canvas: order.canvas, plan: null, shapes: null });
  if (order.kind === "close") return void sheets.delete(order.sheet);
  const sheet = sheets.get(order.sheet);
  if (!sheet) return;
  if (order.kind === "plan") Object.assign(sheet, { plan: order.plan, shapes: null });
  else {
    sheet.shapes = order.shapes;
    if (changed.size === 0) requestAnimationFrame(drawChanged);
    changed.add(order.sheet);
  }
});

function drawChanged() {
  const numbers = [...changed];
  changed.clear();
  for (const number of numbers) {
    const sheet = sheets.get(number);
    if (sheet) draw(sheet);
  }
}

/** Answer once all that came before is drawn, and its picture handed on. @param {MessagePort} port */
function report(port) {
  // The frame that draws was asked for earlier, so it comes first; what is drawn in it is handed on at its end.
  requestAnimationFrame(() => requestAnimationFrame(() => port.postMessage("drawn")));
}

/** @param {Sheet} sheet */
function draw({ canvas, plan, shapes }) {
  if (!plan || !shapes) return;
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const width = Math.round(plan.width * plan.ratio);
  const height = Math.round(plan.height * plan.ratio);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  context.setTransform(plan.ratio, 0, 0, plan.ratio, 0, 0);
  context.clearRect(0, 0, plan.width, plan.height);
  drawOutlines(context, plan.outlines, shapes.lengths, shapes.points);
}
