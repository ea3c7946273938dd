/** What time by value shows: the panels, their percentiles, their axis and their colours. */

import { mix } from "../app/colors.js";
import { brief, robustRange } from "../app/numbers.js";
import { axisId, colorsOf } from "./common.js";
import { distributionAt } from "./distribution.js";
import { focusLayer } from "./focus.js";
import { sample } from "./line-points.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("./distribution.js").Distribution} Distribution */

const BANDS = [0.15, 0.5, 0.85];

/** @typedef {{distribution: Distribution, index: number}} Panel of the network with this index */

/** The networks that have the layer in focus, a panel each. @param {Scene} scene @returns {Panel[]} */
export function panels(scene) {
  const layer = focusLayer(scene);
  return scene.header.networks.flatMap((network, index) => {
    const distribution = distributionAt(scene, network.name, layer, index);
    return distribution ? [{ distribution, index }] : [];
  });
}

/**
 * Percentile lines of a panel: the measured levels nearest to 15, 50 and 85 %.
 * @param {Scene} scene @param {Panel} panel @param {number} column
 */
export function bands(scene, { distribution }, column) {
  const quantiles = scene.layoutIndex.find("quantiles", {
    network: distribution.network,
    layer: distribution.layer,
    site: distribution.histogram.site,
  });
  if (!quantiles?.coordinates) return [];
  const levels = quantiles.coordinates;
  const unit = Math.max(...levels) > 1 ? 100 : 1;
  return BANDS.map((level) => {
    const nearest = levels.reduce(
      (best, one, i) => (Math.abs(one / unit - level) < Math.abs(levels[best] / unit - level) ? i : best),
      0,
    );
    return {
      stream: quantiles.stream,
      offset: quantiles.offset + nearest,
      axes: `${axisId("x", column)}y`,
      width: level === 0.5 ? 1.8 : 1.1,
      color: scene.theme.ink,
      name: scene.t("percent", { value: brief((100 * levels[nearest]) / unit) }),
      network: distribution.network,
      column,
      row: 0,
    };
  });
}

/** One axis of values for all panels. @param {Scene} scene @param {Panel[]} [shown] @returns {[number, number]} */
export function valueRange(scene, shown = panels(scene)) {
  const values = shown.flatMap(({ distribution }) => {
    const at = (/** @type {number} */ offset) =>
      sample(scene, { stream: distribution.stream, offset, axes: "xy", color: "", width: 1, name: "" }, 120);
    if (!distribution.mean || !distribution.std) return [0, 1].flatMap((end) => at(distribution.range.offset + end));
    const means = at(distribution.mean.offset);
    const spreads = at(distribution.std.offset);
    return [...means.map((mean, i) => mean - 3 * spreads[i]), ...means.map((mean, i) => mean + 3 * spreads[i])];
  });
  const [low, high] = robustRange(values);
  const step = 2 ** Math.floor(Math.log2((high - low) / 6));
  return [Math.floor(low / step) * step, Math.ceil(high / step) * step];
}

/** Percentile lines of all panels. @param {Scene} scene @param {Panel[]} [shown] */
export const allBands = (scene, shown = panels(scene)) => shown.flatMap((panel, i) => bands(scene, panel, i));

/** Colours from nothing to a row's peak. @param {Scene} scene @param {number} index */
export const scaleOf = (scene, index) => {
  const color = colorsOf(scene)[index];
  return scene.theme.name === "light"
    ? [/** @type {[number, number, number]} */ ([252, 252, 254]), mix(color, [255, 255, 255], 0.55), color]
    : [/** @type {[number, number, number]} */ ([19, 24, 34]), mix(color, [19, 24, 34], 0.55), color];
};

/**
 * Density of a row at a value, as a share of the row's own peak.
 * @param {Distribution} distribution
 * @param {Float32Array} row
 * @param {number} peak
 * @param {number} value
 */
export function shareAt(distribution, row, peak, value) {
  const low = row[distribution.range.offset];
  const bin = Math.floor(((value - low) / (row[distribution.range.offset + 1] - low)) * distribution.histogram.size);
  return bin >= 0 && bin < distribution.histogram.size ? row[distribution.histogram.offset + bin] / peak : 0;
}
