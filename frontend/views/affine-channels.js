/** The channels of a learned vector: where they stand, their percentiles, and which of them lie outermost. */

import { quantile, spread } from "../app/numbers.js";
import { axisId } from "./common.js";
import { focusLayer } from "./focus.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").Entry} Entry */
/**
 * @typedef {{entry: Entry, index: number, column: number, row: number, axes: string}} Panel one vector of one network,
 *   `index` of the network among all
 */

export const QUANTITIES = ["gamma", "beta"];
/** What is drawn of the channels at a step: a pale band, a darker one within it, and the line in their middle. */
const SHARES = [0.05, 0.25, 0.5, 0.75, 0.95];
/** Of more channels than this, so many are taken for the percentiles, evenly spaced. */
const MOST_CHANNELS = 512;
/** How often the outermost channels are looked for anew while the frames double. */
const CHECKS = 4;

/**
 * Where a learned vector of the layer in focus stands.
 * @param {Scene} scene @param {string} network @param {string} quantity
 */
const entryOf = (scene, network, quantity) =>
  scene.layoutIndex.first([quantity], { network, layer: focusLayer(scene) }, ["", quantity]);

/** The networks that learned a scale or a shift in the layer in focus: a column each. @param {Scene} scene */
export const networksOf = (scene) =>
  scene.header.networks
    .map((network, index) => ({ name: network.name, index }))
    .filter(({ name }) => QUANTITIES.some((quantity) => entryOf(scene, name, quantity)?.size));

/** @param {Scene} scene @returns {Panel[]} */
export const panelsOf = (scene) =>
  networksOf(scene).flatMap(({ name, index }, column) =>
    QUANTITIES.flatMap((quantity, row) => {
      const entry = entryOf(scene, name, quantity);
      return entry?.size ? [{ entry, index, column, row, axes: axisId("x", column) + axisId("y", row) }] : [];
    }),
  );

/** The channels of a kept row in ascending order. @param {Entry} entry @param {Float32Array} row */
export function sortedChannels({ offset, size }, row) {
  if (size <= MOST_CHANNELS) return row.slice(offset, offset + size).sort();
  return Float32Array.from(spread(size, MOST_CHANNELS), (channel) => row[offset + channel]).sort();
}

/** The percentiles of the channels, and the lowest and highest at the ends. @param {Float32Array} sorted */
export const percentiles = (sorted) => SHARES.map((share) => quantile(sorted, share));

/**
 * Slots of kept rows spread over the history, in the order of steps.
 * @param {Scene} scene @param {number} number of the stream @param {number} most
 */
export function spreadSlots(scene, number, most) {
  const stream = scene.history.stream(number);
  return spread(stream.count, most)
    .map((position) => stream.order[position])
    .filter((slot) => stream.rowOf[slot] >= 0);
}

/**
 * The frame by which the outermost channels are chosen: the last of a run that has ended, else one so late that it
 * changes some times only while the frames double. The chosen lines stay while one watches.
 * @param {Scene} scene @param {number} number of the stream
 */
function decidingSlot(scene, number) {
  const stream = scene.history.stream(number);
  const every =
    scene.history.count >= scene.run.seq ? 1 : 2 ** Math.floor(Math.log2(Math.max(1, stream.count / CHECKS)));
  const position = Math.floor((stream.count - 1) / every) * every;
  return position < 0 ? -1 : stream.slotAt(stream.steps[stream.order[position]]);
}

/**
 * The channels that lie highest and lowest; none before there is a frame, or where all are alike.
 * @param {Scene} scene @param {Panel} panel
 * @returns {{highest: number, lowest: number} | null}
 */
export function outermost(scene, { entry }) {
  const row = scene.history.stream(entry.stream).row(decidingSlot(scene, entry.stream));
  if (!row) return null;
  let [highest, lowest] = [0, 0];
  for (let channel = 1; channel < entry.size; channel++) {
    const value = row[entry.offset + channel];
    if (value > row[entry.offset + highest]) highest = channel;
    if (value < row[entry.offset + lowest]) lowest = channel;
  }
  return highest === lowest ? null : { highest, lowest };
}
