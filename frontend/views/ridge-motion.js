/** What of the ridges moves in every frame. */

import { frameOf, inSigmas, outline, ridgesOf, rowsOf } from "./ridge-shapes.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").Shape} Shape */
/**
 * @typedef {{now: Shape, compared: Shape, frame: import("./ridge-shapes.js").Frame | null}} Moving a row's arrays,
 *   written anew in every frame
 */
/**
 * @typedef {{rows: Moving[], shapes: Shape[], key: string}} Buffers `shapes` are those of `rows`, subplot by subplot
 */
/** @type {WeakMap<import("../stream/layout-index.js").LayoutIndex, Buffers>} */
const known = new WeakMap();

/** @param {number} trace @param {number} bins @returns {Shape} */
const emptyShape = (trace, bins) => ({ trace, x: new Float64Array(bins + 2), y: new Float64Array(bins + 2) });

/** @param {Scene} scene @returns {Buffers} */
function buffersOf(scene) {
  let buffers = known.get(scene.layoutIndex);
  if (!buffers) {
    const ridges = ridgesOf(scene);
    const rows = ridges.map(({ histogram }, i) => ({
      now: emptyShape(2 * i, histogram.size),
      compared: emptyShape(2 * i + 1, histogram.size),
      frame: null,
    }));
    const shapes = scene.header.networks.flatMap((_, column) =>
      rows.flatMap(({ now, compared }, i) => (ridges[i].column === column ? [now, compared] : [])),
    );
    buffers = { rows, shapes, key: "" };
    known.set(scene.layoutIndex, buffers);
  }
  return buffers;
}

/** The polygons of now, and the outlines of the compared step among them. @param {Scene} scene */
export function movingShapes(scene) {
  const ridges = ridgesOf(scene);
  const buffers = buffersOf(scene);
  const stream = scene.history.stream(ridges[0].stream);
  const key = `${inSigmas(scene)} ${stream.seqs[Math.max(0, stream.slotAt(scene.selection.compare))]}`;
  for (let i = 0; i < ridges.length; i++) {
    const rows = rowsOf(scene, ridges[i]);
    if (!rows) return [];
    const { now, compared, frame: before } = buffers.rows[i];
    const frame = key === buffers.key && before ? before : frameOf(scene, ridges[i], rows.compared);
    if (frame !== before) outline(ridges[i], frame, rows.compared, compared.x, compared.y);
    outline(ridges[i], frame, rows.now, now.x, now.y);
    buffers.rows[i].frame = frame;
  }
  buffers.key = key;
  return buffers.shapes;
}
