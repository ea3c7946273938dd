/** The numbers at the ridges: how far each row has moved, and what lies beyond its axis. */

import { momentsOf } from "./distribution.js";
import {
  BATCH_DISTANCE,
  batchDistance,
  driftName,
  driftOf,
  driftShown,
  driftText,
  inValues,
  valueDistance,
} from "./drift.js";
import { hiddenOf, shownSlot } from "./focus.js";
import { firstSigma, frameOf, inSigmas, ridgesOf, rowsOf } from "./ridge-shapes.js";
import { told } from "./varied.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("./ridge-shapes.js").Ridge} Ridge */

/** The least share of values beyond the axis that is named. */
const CLIP_SHOWN = 0.005;

/**
 * What says how far a row has moved: the recorded drift counts from the start of the run; from any other step the page
 * counts itself, and names it so. On an axis of values it is the measure that counts in values.
 * @param {Scene} scene
 */
function movedBy(scene) {
  const moved = scene.selection.compare === 0 ? driftShown(scene) : BATCH_DISTANCE;
  return inSigmas(scene) ? moved : inValues(scene, moved);
}

/** Its name in the page's words. @param {Scene} scene */
export const movedByName = (scene) => driftName(scene, movedBy(scene), scene.selection.compare);

/**
 * How far a row has moved from the compared step; NaN where that was not measured, or has no σ to be counted in.
 * @param {Scene} scene @param {Ridge} ridge
 */
const movedNow = (scene, ridge) => told(scene, ridge.network, ridge.layer, movedBy(scene), movedAnyhow(scene, ridge));

/** @param {Scene} scene @param {Ridge} ridge */
function movedAnyhow(scene, ridge) {
  if (scene.selection.compare === 0) {
    const drift = driftOf(scene, ridge.network, ridge.layer, movedBy(scene));
    const slot = drift ? shownSlot(scene, drift.stream) : -1;
    return drift && slot >= 0 ? drift.at(slot) : NaN;
  }
  const rows = rowsOf(scene, ridge);
  if (!rows) return NaN;
  const [before, now] = [momentsOf(ridge, rows.compared), momentsOf(ridge, rows.now)];
  return inSigmas(scene) ? batchDistance(before, now, firstSigma(scene, ridge)) : valueDistance(before, now);
}

/**
 * The hidden layer of a network that moved farthest from the compared step, if any can be measured; another where
 * none is.
 * @param {Scene} scene
 * @param {number} column
 */
export function farthest(scene, column) {
  const network = scene.header.networks[column];
  const hidden = new Set((network ? hiddenOf(network) : []).map(({ name }) => name));
  const all = ridgesOf(scene)
    .filter((ridge) => ridge.column === column)
    .map((ridge) => ({ layer: ridge.layer, moved: movedNow(scene, ridge) }))
    .filter(({ moved }) => Number.isFinite(moved))
    .sort((a, b) => b.moved - a.moved);
  const most = all.find(({ layer }) => hidden.has(layer)) ?? all.at(0);
  return most && { ...most, text: driftText(scene, movedBy(scene), most.moved) };
}

/** Rows whose texts have room below each other. */
const MOST_NAMED = 36;
/** In more rows than these what lies outside at the right would lie over the drift. */
const MOST_WITH_SHARES = 20;

/**
 * Whether a row has its name and its numbers: all where there is room, else every second one, or third, and the one in
 * focus; the output among them.
 * @param {Scene} scene @param {string} layer
 */
export function isNamed({ layoutIndex: { layers }, selection }, layer) {
  const every = Math.ceil(layers.length / MOST_NAMED);
  return layer === selection.layer || (layers.length - 1 - layers.indexOf(layer)) % every === 0;
}

/**
 * The texts of a row: drift at the right, what lies outside the axis at both ends.
 * @param {Scene} scene @param {Ridge} ridge @param {[number, number]} range
 * @returns {[string, string, string]}
 */
export function textsOf(scene, ridge, range) {
  if (!isNamed(scene, ridge.layer)) return [" ", " ", " "];
  const rows = rowsOf(scene, ridge);
  if (!rows) return [" ", " ", " "];
  const row = rows.now;
  const broken = (ridge.nan ? row[ridge.nan.offset] : 0) + (ridge.infinite ? row[ridge.infinite.offset] : 0);
  if (broken > 0) return [scene.t("ridge.nonfinite", { count: broken.toLocaleString(scene.t("locale")) }), " ", " "];
  const { center, unit } = frameOf(scene, ridge, rows.compared);
  const { histogram } = ridge;
  const low = row[ridge.range.offset];
  const width = (row[ridge.range.offset + 1] - low) / histogram.size;
  let below = ridge.outside ? row[ridge.outside.offset] : 0;
  let above = ridge.outside ? row[ridge.outside.offset + 1] : 0;
  for (let bin = 0; bin < histogram.size; bin++) {
    const value = (low + (bin + 0.5) * width - center) / unit;
    if (value < range[0]) below += row[histogram.offset + bin];
    else if (value > range[1]) above += row[histogram.offset + bin];
  }
  const moved = movedNow(scene, ridge);
  const percent = (/** @type {number} */ share) => scene.t("percent", { value: Math.round(100 * share) });
  return [
    Number.isFinite(moved) ? driftText(scene, movedBy(scene), moved) : " ",
    below > CLIP_SHOWN ? `◂ ${percent(below)}` : " ",
    above > CLIP_SHOWN && scene.layoutIndex.layers.length <= MOST_WITH_SHARES ? `${percent(above)} ▸` : " ",
  ];
}
