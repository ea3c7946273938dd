/** Numbers that the views derive from what was measured. */

import { INPUT_SITES } from "./focus.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").Place} Place */

/** Sigma is never taken smaller than this share of... one: a dead layer would divide by nothing. */
export const SMALLEST_SIGMA = 1e-3;

/**
 * The distribution of one layer of one network: where its histogram, mean and spread stand.
 * @typedef {{network: string, layer: string, index: number, stream: number, histogram: Place, range: Place,
 *   outside?: Place, mean?: Place, std?: Place, variance?: Place, nan?: Place, infinite?: Place}} Distribution
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
    const find = (/** @type {string} */ quantity) => scene.places.find(quantity, { network, layer, site });
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
      variance: find("variance"),
      nan: find("nan_count"),
      infinite: find("infinite_count"),
    };
  }
  return null;
}

/**
 * Mean and standard deviation of a row's distribution.
 * @param {Distribution} place
 * @param {Float32Array} row
 * @returns {{mean: number, std: number}}
 */
export function momentsOf(place, row) {
  const std = place.std ? row[place.std.offset] : place.variance ? Math.sqrt(row[place.variance.offset]) : NaN;
  if (place.mean && !Number.isNaN(std)) return { mean: row[place.mean.offset], std };
  return histogramMoments(place, row);
}

/** @param {Distribution} place @param {Float32Array} row */
function histogramMoments(place, row) {
  const low = row[place.range.offset];
  const width = (row[place.range.offset + 1] - low) / place.histogram.size;
  let mass = 0;
  let mean = 0;
  let square = 0;
  for (let bin = 0; bin < place.histogram.size; bin++) {
    const share = row[place.histogram.offset + bin];
    const value = low + (bin + 0.5) * width;
    mass += share;
    mean += share * value;
    square += share * value * value;
  }
  mean /= mass;
  return { mean, std: Math.sqrt(Math.max(0, square / mass - mean * mean)) };
}

/**
 * Drift between two fitted Gaussians, in units of the first one's sigma: their 2-Wasserstein distance
 * sqrt((mu_b - mu_a)^2 + (sigma_b - sigma_a)^2) / sigma_a, sigma_a floored.
 * @param {number} meanA @param {number} stdA @param {number} meanB @param {number} stdB
 */
export const gaussianDrift = (meanA, stdA, meanB, stdB) =>
  Math.hypot(meanB - meanA, stdB - stdA) / Math.max(stdA, SMALLEST_SIGMA);

/** Drift measures by preference; the rest of a drift stream's quantities can be chosen too. */
const PREFERRED = ["wasserstein_over_sigma_from_start", "mean_shift_from_start", "wasserstein_from_start"];

/**
 * Drift quantities that this run has measured.
 * @param {Scene} scene
 * @returns {string[]}
 */
export function driftQuantities(scene) {
  const stream = scene.places.stream("drift");
  const layout = scene.header.layouts.find((one) => one.stream === stream);
  const names = new Set(
    (layout?.entries ?? []).filter((entry) => entry.layer && entry.shape.length === 0).map((entry) => entry.quantity),
  );
  const distances = [...names].filter((name) => /_from_(start|previous)$/.test(name));
  const preferred = PREFERRED.filter((name) => names.has(name));
  return [...preferred, ...(distances.length ? distances : names)].filter((name, i, all) => all.indexOf(name) === i);
}

/**
 * A drift in the page's words; of single units, what it is of all values.
 * @param {string} name
 * @param {import("../types").Translate} t
 */
export const driftName = (name, t) =>
  name.startsWith("unit_") ? t("drift.unit", { drift: t(`drift.${name.slice("unit_".length)}`) }) : t(`drift.${name}`);

/**
 * How a layer's drift is read at a slot of its stream.
 * @typedef {{stream: number, at: (slot: number) => number, offsets: number[]}} Drift
 */

/** @type {WeakMap<import("../stream/layout-index.js").Places, Map<string, Drift | null>>} */
const known = new WeakMap();

/**
 * Drift of a layer over the run, looked up once: it is asked for in every frame.
 * @param {Scene} scene
 * @param {string} network
 * @param {string} layer
 * @returns {Drift | null}
 */
export function driftOf(scene, network, layer) {
  let found = known.get(scene.places);
  if (!found) {
    found = new Map();
    known.set(scene.places, found);
  }
  const key = `${scene.look.drift} ${network} ${layer}`;
  let drift = found.get(key);
  if (drift === undefined) {
    drift = lookUpDrift(scene, network, layer);
    found.set(key, drift);
  }
  return drift;
}

/**
 * Drift of a layer over the run: as measured on the probe batch, else between fitted Gaussians of the training
 * batches.
 * @param {Scene} scene
 * @param {string} network
 * @param {string} layer
 * @returns {Drift | null}
 */
function lookUpDrift(scene, network, layer) {
  const chosen = driftQuantities(scene);
  const quantity = scene.look.drift !== null && chosen.includes(scene.look.drift) ? scene.look.drift : chosen[0];
  const place = quantity ? scene.places.first([quantity], { network, layer }, [...INPUT_SITES, ""]) : undefined;
  if (place) {
    const stream = scene.history.stream(place.stream);
    return { stream: place.stream, offsets: [place.offset], at: (slot) => stream.column(place.offset)[slot] };
  }
  return fittedDrift(scene, network, layer);
}

/** @param {Scene} scene @param {string} network @param {string} layer @returns {Drift | null} */
function fittedDrift(scene, network, layer) {
  const mean = scene.places.first(["mean"], { network, layer }, INPUT_SITES);
  const std = scene.places.first(["std", "variance"], { network, layer }, INPUT_SITES);
  if (!mean || !std || mean.stream !== std.stream) return null;
  const stream = scene.history.stream(mean.stream);
  const sigma = (/** @type {number} */ value) => (std.quantity === "variance" ? Math.sqrt(value) : value);
  return {
    stream: mean.stream,
    offsets: [mean.offset, std.offset],
    at(slot) {
      const means = stream.column(mean.offset);
      const stds = stream.column(std.offset);
      const first = stream.order[0];
      return gaussianDrift(means[first], sigma(stds[first]), means[slot], sigma(stds[slot]));
    },
  };
}
