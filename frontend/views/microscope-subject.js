/** What lies under the microscope: one layer of one network, one unit of it, and what its stages are called. */

import { focusLayer, shownSlot } from "./focus.js";
import { sampleOf } from "./followed.js";

/** @typedef {import("../types").Scene} Scene */

/** The networks that have the layer in focus. @param {Scene} scene */
export function candidates(scene) {
  const layer = focusLayer(scene);
  return scene.header.networks
    .map((network, index) => ({ network, index, layer: network.layers.find((one) => one.name === layer) }))
    .filter((one) => one.layer !== undefined);
}

/**
 * The layer under the microscope: the one in focus, in the chosen network, else in the first that normalizes it (else
 * in the first that has it).
 * @param {Scene} scene
 */
export function subject(scene) {
  const having = candidates(scene);
  return (
    having.find((one) => one.network.name === scene.selection.choices.network) ??
    having.find((one) => one.layer?.normalization) ??
    having[0] ??
    null
  );
}

/** Whether the layer under the microscope is normalized after its activation. @param {Scene} scene */
export function normalizesAfter(scene) {
  const where = { network: subject(scene)?.network.name ?? "", layer: focusLayer(scene) };
  const has = (/** @type {string} */ site) => scene.layoutIndex.find("histogram", { ...where, site }) !== undefined;
  return has("normalized") && !has("linear_output");
}

/**
 * Whether the layer under the microscope is known to be normalized before its activation, with its batch measured.
 * @param {Scene} scene
 */
export function normalizesBefore(scene) {
  const name = subject(scene)?.network.name;
  const variant = scene.run.config?.variants?.find((/** @type {any} */ one) => one.name === name);
  return variant?.normalization?.place === "before" && channelsOf(scene, "batch_mean") !== undefined;
}

/** The text of a stage. @param {Scene} scene @param {string} site @param {boolean} [short] */
export function stageText(scene, site, short = false) {
  // Without a normalization before it, z is what the linear map puts out.
  const plain = site === "pre_activation" && !subject(scene)?.layer?.normalization;
  return scene.t(`stage.${plain || normalizesAfter(scene) ? "after." : ""}${site}${short ? ".short" : ""}`);
}

/** A quantity by channel of the layer under the microscope. @param {Scene} scene @param {string} quantity */
const channelsOf = (scene, quantity) =>
  scene.layoutIndex.first([quantity], { network: subject(scene)?.network.name, layer: focusLayer(scene) }, [
    "",
    quantity,
  ]);

/** @type {WeakMap<import("../stream/layout-index.js").LayoutIndex, {what: string, unit: number}>} */
const farthest = new WeakMap();

/**
 * The unit whose numbers are shown: the chosen one, else the one whose input stood farthest from 0, in its own σ, at
 * the first recorded step: there batch norm has most to do, and the same unit stays while one watches.
 * @param {Scene} scene
 */
export function unitOf(scene) {
  const [mean, variance] = ["batch_mean", "batch_variance"].map((quantity) => channelsOf(scene, quantity));
  // Of a followed sample single units are recorded, the first by default.
  if (scene.selection.unit === null && sampleOf(scene) !== null) return 0;
  if (scene.selection.unit !== null) return Math.min(scene.selection.unit, (mean?.size ?? Infinity) - 1);
  if (!mean || !variance || mean.size !== variance.size) return 0;
  const stream = scene.history.stream(mean.stream);
  const what = [mean.network, mean.layer, stream.count ? stream.steps[stream.order[0]] : ""].join("|");
  const known = farthest.get(scene.layoutIndex);
  if (known?.what === what) return known.unit;
  const row = stream.count ? stream.row(stream.order[0]) : null;
  const unit = row ? farthestIn(row, mean, variance) : 0;
  farthest.set(scene.layoutIndex, { what, unit });
  return unit;
}

/** @param {Float32Array} row @param {import("../types").Entry} mean @param {import("../types").Entry} variance */
function farthestIn(row, mean, variance) {
  let [unit, most] = [0, -1];
  for (let channel = 0; channel < mean.size; channel++) {
    const far = row[mean.offset + channel] ** 2 / row[variance.offset + channel];
    if (Number.isFinite(far) && far > most) [unit, most] = [channel, far];
  }
  return unit;
}

/**
 * One unit's numbers at the shown step; null for what was not measured.
 * @param {Scene} scene
 */
export function unitNumbers(scene) {
  const unit = unitOf(scene);
  const at = (/** @type {string} */ quantity) => {
    const entry = channelsOf(scene, quantity);
    if (!entry) return null;
    return scene.history
      .stream(entry.stream)
      .value(shownSlot(scene, entry.stream), entry.offset + Math.min(unit, entry.size - 1));
  };
  return { mean: at("batch_mean"), variance: at("batch_variance"), gamma: at("gamma"), beta: at("beta") };
}
