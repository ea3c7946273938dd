/** Running against batch statistics of the layer in focus: a panel a statistic, a point a channel of a network. */

import { focusLayer, shownSlot } from "./focus.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").Entry} Entry */
/**
 * @typedef {object} Panel one network's channels in a panel
 * @property {Entry} batch
 * @property {Entry} running
 * @property {number} index of the network among all
 * @property {number} column of the statistic
 */

export const STATISTICS = ["mean", "variance"];
/** Corners of a point. */
const CORNERS = 8;
const COSINES = Array.from({ length: CORNERS }, (_, corner) => Math.cos((2 * Math.PI * corner) / CORNERS));
/** Radius of a point, as a share of how far the points reach. */
const RADIUS = 0.018;

/** The networks that keep running statistics of the layer in focus: in one panel. @param {Scene} scene */
export const networksOf = (scene) =>
  scene.header.networks
    .map((network, index) => ({ network, index }))
    .filter(({ network }) =>
      scene.layoutIndex.find("running_mean", { network: network.name, layer: focusLayer(scene) }),
    );

/** @param {Scene} scene @returns {Panel[]} those of one statistic together */
export function panelsOf(scene) {
  return STATISTICS.flatMap((name, column) =>
    networksOf(scene).flatMap(({ network, index }) => {
      const where = { network: network.name, layer: focusLayer(scene) };
      const batch = scene.layoutIndex.find(`batch_${name}`, where);
      const running = scene.layoutIndex.find(`running_${name}`, where);
      return batch && running && batch.size === running.size ? [{ batch, running, index, column }] : [];
    }),
  );
}

/** A vector as it was recorded at the shown step. @param {Scene} scene @param {Entry} entry */
export function values(scene, entry) {
  const row = scene.history.stream(entry.stream).row(shownSlot(scene, entry.stream));
  return row ? row.subarray(entry.offset, entry.offset + entry.size) : new Float32Array(entry.size).fill(NaN);
}

/**
 * Where a statistic stands on its axes: variances as powers of ten, since it is their ratio that counts.
 * @param {number} column @param {number} value
 */
export const placeOf = (column, value) => (STATISTICS[column] === "variance" ? Math.log10(value) : value);

/**
 * The points of a panel as small polygons, with a gap after each.
 * @param {Scene} scene @param {Panel} panel
 */
export function pointsOf(scene, panel) {
  const places = (/** @type {Entry} */ entry) =>
    Float64Array.from(values(scene, entry), (one) => placeOf(panel.column, one));
  const [batch, running] = [places(panel.batch), places(panel.running)];
  const radius = RADIUS * reachOf(batch, running);
  const each = CORNERS + 2;
  const x = new Float64Array(each * batch.length).fill(NaN);
  const y = new Float64Array(each * batch.length).fill(NaN);
  for (let channel = 0; channel < batch.length; channel++) {
    if (!Number.isFinite(batch[channel]) || !Number.isFinite(running[channel])) continue;
    for (let corner = 0; corner <= CORNERS; corner++) {
      x[each * channel + corner] = batch[channel] + radius * COSINES[corner % CORNERS];
      y[each * channel + corner] = running[channel] + radius * COSINES[(corner + CORNERS - CORNERS / 4) % CORNERS];
    }
  }
  return { x, y, each };
}

/** From the lowest finite value of all to the highest. @param {...Float64Array} all */
function reachOf(...all) {
  let [low, high] = [Infinity, -Infinity];
  for (const some of all)
    for (const value of some) {
      if (!Number.isFinite(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  return high > low ? high - low : 1;
}
