/** The geometry of the ridges: which rows there are, and their outlines. */

import { distributionAt, divisor, peakOf, standing } from "./distribution.js";
import { shownSlot } from "./focus.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("./distribution.js").Distribution} Distribution */
/** @typedef {Distribution & {column: number, row: number}} Ridge */
/** @typedef {{center: number, unit: number, peak: number}} Frame what a row is drawn relative to */

export const ROW_HEIGHT = 0.82;

/** @type {WeakMap<import("../stream/layout-index.js").LayoutIndex, Ridge[]>} */
const known = new WeakMap();

/**
 * Rows of all networks in drawing order: the top row first, so that each row stands before the one above it.
 * @param {Scene} scene
 * @returns {Ridge[]}
 */
export function ridgesOf(scene) {
  let ridges = known.get(scene.layoutIndex);
  if (!ridges) {
    const rows = scene.layoutIndex.layers;
    ridges = scene.header.networks
      .flatMap((network, column) =>
        network.layers.flatMap((layer) => {
          const distribution = distributionAt(scene, network.name, layer.name, rows.indexOf(layer.name));
          return distribution ? [{ ...distribution, column, row: distribution.index }] : [];
        }),
      )
      .sort((a, b) => b.row - a.row || a.column - b.column);
    known.set(scene.layoutIndex, ridges);
  }
  return ridges;
}

/**
 * Height of a shape whose peak density is `ratio` times the outline's. Within a shape heights are proportional to the
 * density; from shape to shape they differ less than it does, so that a wide layer and a collapsed one both stay in
 * sight.
 * @param {number} ratio
 */
export const heightOf = (ratio) => Math.min(ratio ** 0.4, 1.6);

/** The step of the outlines that are drawn. @param {Scene} scene */
export function comparedStep(scene) {
  const stream = scene.history.stream(ridgesOf(scene)[0].stream);
  return stream.steps[Math.max(0, stream.slotAt(scene.selection.compare))] ?? scene.selection.compare;
}

/** Whether the axis counts in sigmas of the outline, as it does unless values are chosen. @param {Scene} scene */
export const inSigmas = (scene) => scene.selection.choices.scale !== "value";

/**
 * What a row is drawn relative to: the compared step's center, sigma and peak.
 * @param {Scene} scene @param {Ridge} ridge @param {Float32Array} row
 * @returns {Frame}
 */
export function frameOf(scene, ridge, row) {
  const { mean, std } = standing(ridge, row);
  const sigma = divisor(std, firstSigma(scene, ridge)) || 1;
  const relative = inSigmas(scene);
  return {
    center: relative && Number.isFinite(mean) ? mean : 0,
    unit: relative ? sigma : 1,
    peak: densityPeak(ridge, row),
  };
}

/** The layer's sigma at its first recorded step. @param {Scene} scene @param {Ridge} ridge */
export function firstSigma(scene, ridge) {
  const stream = scene.history.stream(ridge.stream);
  const row = stream.row(stream.order[0]);
  return row ? standing(ridge, row).std : NaN;
}

/**
 * Density at the peak of a row; 1 where there is none.
 * @param {Distribution} distribution @param {Float32Array} row
 */
export function densityPeak(distribution, row) {
  const density =
    (peakOf(distribution, row) * distribution.histogram.size) /
    (row[distribution.range.offset + 1] - row[distribution.range.offset]);
  return Number.isFinite(density) && density > 0 ? density : 1;
}

/**
 * The outline of a row as a closed polygon on its own base line; flat where nothing finite is.
 * @param {Ridge} ridge @param {Frame} frame @param {Float32Array} row
 * @param {Float64Array} x @param {Float64Array} y each of bins + 2
 */
export function outline(ridge, frame, row, x, y) {
  const bins = ridge.histogram.size;
  const low = row[ridge.range.offset];
  const high = row[ridge.range.offset + 1];
  const finite = Number.isFinite(low) && Number.isFinite(high) && high > low;
  const width = finite ? (high - low) / frame.unit / bins : 0;
  const start = (finite ? (low - frame.center) / frame.unit : 0) + 0.5 * width;
  const peak = peakOf(ridge, row);
  const scale = finite && peak > 0 ? (ROW_HEIGHT * heightOf(peak / (width * frame.unit) / frame.peak)) / peak : 0;
  for (let bin = 0; bin < bins; bin++) {
    const share = row[ridge.histogram.offset + bin];
    x[bin + 1] = start + bin * width;
    y[bin + 1] = ridge.row + (share > 0 ? scale * share : 0);
  }
  x[0] = x[1];
  x[bins + 1] = x[bins];
  y[0] = y[bins + 1] = ridge.row;
}

/**
 * The row's histogram row at the shown step and at the compared one; null before both are there.
 * @param {Scene} scene @param {Ridge} ridge
 */
export function rowsOf(scene, ridge) {
  const stream = scene.history.stream(ridge.stream);
  const now = stream.row(shownSlot(scene, ridge.stream));
  const compared = stream.row(stream.slotAt(scene.selection.compare));
  return now && compared ? { now, compared } : null;
}

/** @param {Ridge} ridge @param {Frame} frame @param {Float32Array} row */
export function shapeOf(ridge, frame, row) {
  const x = new Float64Array(ridge.histogram.size + 2);
  const y = new Float64Array(ridge.histogram.size + 2);
  outline(ridge, frame, row, x, y);
  return { x, y };
}
