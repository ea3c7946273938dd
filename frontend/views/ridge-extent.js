/** How far the axis of the ridges reaches. */

import { quantile, spread } from "../app/numbers.js";
import { divisor } from "./distribution.js";
import { inSigmas, ridgesOf } from "./ridge-shapes.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("./ridge-shapes.js").Ridge} Ridge */

const SIGMA_REACHES = [3, 4, 5, 6, 8, 10, 12];
const EXTENT_SAMPLES = 48;

/**
 * Half the width of the shared axis in sigmas (or its two ends in values): what the run has needed so far, one wild
 * spike left out, in few steps, so that the axis seldom moves.
 * @param {Scene} scene
 * @returns {[number, number]}
 */
export function extent(scene) {
  const ridges = ridgesOf(scene).filter((ridge) => ridge.mean && ridge.std);
  if (ridges.length === 0) return inSigmas(scene) ? [-4, 4] : [-3, 3];
  const stream = scene.history.stream(ridges[0].stream);
  const compared = stream.slotAt(scene.selection.compare);
  /** @type {number[]} */
  const lows = [];
  /** @type {number[]} */
  const highs = [];
  for (const position of spread(stream.count, EXTENT_SAMPLES)) {
    let low = Infinity;
    let high = -Infinity;
    for (const ridge of ridges) {
      const [from, to] = reach(scene, ridge, stream, compared, stream.order[position]);
      if (from < low) low = from;
      if (to > high) high = to;
    }
    if (Number.isFinite(low) && Number.isFinite(high)) {
      lows.push(low);
      highs.push(high);
    }
  }
  if (lows.length === 0) return [-4, 4];
  const low = quantile(
    lows.sort((a, b) => a - b),
    0.1,
  );
  const high = quantile(
    highs.sort((a, b) => a - b),
    0.9,
  );
  if (inSigmas(scene)) {
    const needed = Math.max(-low, high);
    const half = SIGMA_REACHES.find((step) => step >= needed) ?? SIGMA_REACHES[SIGMA_REACHES.length - 1];
    return [-half, half];
  }
  const step = 2 ** Math.ceil(Math.log2(Math.max(high - low, 1e-6) / 8));
  return [Math.floor(low / step) * step, Math.ceil(high / step) * step];
}

/**
 * @param {Scene} scene @param {Ridge} ridge @param {import("../stream/history.js").StreamHistory} stream
 * @param {number} compared @param {number} slot
 * @returns {[number, number]}
 */
function reach(scene, ridge, stream, compared, slot) {
  const means = stream.column(/** @type {import("../types").Entry} */ (ridge.mean).offset);
  const stds = stream.column(/** @type {import("../types").Entry} */ (ridge.std).offset);
  const [mean, std] = [means[slot], stds[slot]];
  if (!inSigmas(scene)) return [mean - 3 * std, mean + 3 * std];
  const center = means[compared];
  const unit = divisor(stds[compared], stds[stream.order[0]]) || 1;
  return [(mean - center - 2.2 * std) / unit, (mean - center + 2.2 * std) / unit];
}
