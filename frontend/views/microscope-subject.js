/** What lies under the microscope: one layer of one network, and what its stages are called. */

import { focusLayer } from "./focus.js";

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

/** The text of a stage. @param {Scene} scene @param {string} site @param {boolean} [short] */
export function stageText(scene, site, short = false) {
  // Without a normalization before it, z is what the linear map puts out.
  const plain = site === "pre_activation" && !subject(scene)?.layer?.normalization;
  return scene.t(`stage.${plain || normalizesAfter(scene) ? "after." : ""}${site}${short ? ".short" : ""}`);
}
