/** Layers of which no number in σ is told: those that did not vary at the start, as the narrator leaves them out. */

import { isInSigmas } from "./drift.js";
import { INPUT_SITES } from "./focus.js";

/** @typedef {import("../types").Scene} Scene */

/** A layer whose standard deviation at the start is at most this part of its mean did not vary: float32 rounds so. */
const CONSTANT = 1e-6;
/** Nor did one that has moved so many σ of its start: that σ is nothing against how far it went. */
export const COLLAPSED = 1e6;

/**
 * Whether a layer's input to its nonlinearity varied in the first frame; true where that was not recorded.
 * @param {Scene} scene @param {string} network @param {string} layer
 */
function variedAtStart({ layoutIndex, history }, network, layer) {
  const where = { network, layer };
  const mean = layoutIndex.first(["mean"], where, INPUT_SITES);
  const std = mean && layoutIndex.find("std", { ...where, site: mean.site });
  if (!mean || !std) return true;
  const stream = history.stream(mean.stream);
  if (stream.count === 0) return true;
  const first = stream.order[0];
  const [center, width] = [mean, std].map(({ offset }) => stream.column(offset)[first]);
  return !Number.isFinite(center + width) || width > CONSTANT * Math.abs(center);
}

/**
 * A drift, or NaN where it counts in a σ that is none.
 * @param {Scene} scene @param {string} network @param {string} layer @param {string} quantity @param {number} value
 */
export const told = (scene, network, layer, quantity, value) =>
  isInSigmas(scene, quantity) && (value >= COLLAPSED || !variedAtStart(scene, network, layer)) ? NaN : value;
