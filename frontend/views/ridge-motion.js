/** What of the ridges moves in every frame. */

import { followedAt, sampleOf } from "./followed.js";
import { frameOf, inSigmas, outline, ridgesOf, rowsOf } from "./ridge-shapes.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").Shape} Shape */
/** @typedef {import("./ridge-shapes.js").Ridge} Ridge */
/** @typedef {import("./ridge-shapes.js").Frame} Frame */
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
  return withPins(scene, ridges, buffers);
}

/** Where a row's values are measured. @param {Ridge} ridge */
export const siteOf = ({ network, layer, histogram }) => ({ network, layer, site: histogram.site });

/** Height of the pin of a followed sample, in rows. */
const PIN = 0.62;

/** A line that stands where the followed sample is. @param {Scene} scene @param {Ridge} ridge @param {Frame} frame */
export function pinOf(scene, ridge, frame) {
  const { value } = followedAt(scene, sampleOf(scene) ?? 0, siteOf(ridge));
  const x = (value - frame.center) / frame.unit;
  return { x: Float64Array.of(x, x), y: Float64Array.of(ridge.row, ridge.row + PIN) };
}

/** The trace of a row's pin: pins come after the rows and the texts. @param {Scene} scene @param {number} row */
const pinTrace = (scene, row) => 2 * ridgesOf(scene).length + scene.header.networks.length + row;

/**
 * The shapes, and after those of each subplot its pins.
 * @param {Scene} scene @param {Ridge[]} ridges @param {Buffers} buffers
 */
function withPins(scene, ridges, buffers) {
  if (sampleOf(scene) === null) return buffers.shapes;
  return scene.header.networks.flatMap((_, column) => {
    const own = ridges.flatMap((ridge, i) => (ridge.column === column ? [{ ridge, i }] : []));
    return [
      ...own.flatMap(({ i }) => [buffers.rows[i].now, buffers.rows[i].compared]),
      ...own.map(({ ridge, i }) => ({
        trace: pinTrace(scene, i),
        ...pinOf(scene, ridge, /** @type {Frame} */ (buffers.rows[i].frame)),
      })),
    ];
  });
}
