/** The distribution of one layer of one network: where its histogram and moments stand in a row. */

import { INPUT_SITES } from "./focus.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").Entry} Entry */

/**
 * The share of the layer's first sigma that is the least by which something is divided, as in the probes' distances: a
 * layer that dies would divide by nothing.
 */
const SMALLEST_SHARE = 0.01;

/**
 * The distribution of one layer of one network: where its histogram, mean and spread stand.
 * @typedef {{network: string, layer: string, index: number, stream: number, histogram: Entry, range: Entry,
 *   outside?: Entry, mean?: Entry, std?: Entry, nan?: Entry, infinite?: Entry}} Distribution
 */

/**
 * @param {Scene} scene
 * @param {string} network
 * @param {string} layer
 * @param {number} index
 * @param {string[]} [sites]
 * @returns {Distribution | null}
 */
export function distributionAt(scene, network, layer, index, sites = INPUT_SITES) {
  for (const site of sites) {
    const find = (/** @type {string} */ quantity) => scene.layoutIndex.find(quantity, { network, layer, site });
    const histogram = find("histogram");
    const range = find("histogram_range");
    if (!histogram || !range || range.stream !== histogram.stream) continue;
    return {
      network,
      layer,
      index,
      stream: histogram.stream,
      histogram,
      range,
      outside: find("histogram_outside"),
      mean: find("mean"),
      std: find("std"),
      nan: find("nan_count"),
      infinite: find("infinite_count"),
    };
  }
  return null;
}

/** @typedef {{mean: number, std: number}} Moments */

/**
 * Mean and standard deviation as they were recorded; NaN where they were not.
 * @param {Distribution} distribution
 * @param {Float32Array} row
 * @returns {Moments}
 */
export const momentsOf = (distribution, row) => ({
  mean: distribution.mean ? row[distribution.mean.offset] : NaN,
  std: distribution.std ? row[distribution.std.offset] : NaN,
});

/**
 * Where a row's distribution is to be drawn: its moments, or, without them, what its histogram gives instead.
 * @param {Distribution} distribution
 * @param {Float32Array} row
 * @returns {Moments}
 */
export function standing(distribution, row) {
  const moments = momentsOf(distribution, row);
  return Number.isNaN(moments.std) || Number.isNaN(moments.mean) ? histogramMoments(distribution, row) : moments;
}

/** @param {Distribution} distribution @param {Float32Array} row */
function histogramMoments(distribution, row) {
  const low = row[distribution.range.offset];
  const width = (row[distribution.range.offset + 1] - low) / distribution.histogram.size;
  let mass = 0;
  let mean = 0;
  let square = 0;
  for (let bin = 0; bin < distribution.histogram.size; bin++) {
    const share = row[distribution.histogram.offset + bin];
    const value = low + (bin + 0.5) * width;
    mass += share;
    mean += share * value;
    square += share * value * value;
  }
  mean /= mass;
  return { mean, std: Math.sqrt(Math.max(0, square / mass - mean * mean)) };
}

/**
 * The sigma to divide by: a step's own, at least a hundredth of the layer's first one; NaN where both are 0.
 * @param {number} std
 * @param {number} first
 */
export const divisor = (std, first) => Math.max(std, SMALLEST_SHARE * first) || NaN;

/** The largest share of any bin. @param {Distribution} distribution @param {Float32Array} row */
export function peakOf(distribution, row) {
  let peak = 0;
  const { offset, size } = distribution.histogram;
  for (let bin = offset; bin < offset + size; bin++) if (row[bin] > peak) peak = row[bin];
  return peak;
}
