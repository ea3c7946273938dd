/** What can be chosen above a chart, as data: the card draws it. */

import { isLive } from "../app/state.js";
import { describedLayer } from "./common.js";
import { focusLayer } from "./focus.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").Control} Control */

/**
 * A choice of a chart's own; the first option is the usual one.
 * @param {Scene} scene
 * @param {string} name as the view declares it
 * @param {string} label
 * @param {{value: string, text: string}[]} options
 * @returns {Control}
 */
export function ownChoice(scene, name, label, options) {
  const chosen = scene.selection.choices[name];
  return {
    kind: "select",
    name,
    label,
    options,
    value: options.some(({ value }) => value === chosen) ? chosen : (options[0]?.value ?? ""),
    change: (value) => ({ type: "choose", name, value: value === options[0]?.value ? null : value }),
  };
}

/**
 * The same where all options are seen at once.
 * @param {Scene} scene
 * @param {string} name
 * @param {string} label
 * @param {{value: string, text: string}[]} options
 * @returns {Control}
 */
export const ownSwitch = (scene, name, label, options) => ({
  ...ownChoice(scene, name, label, options),
  kind: "switch",
});

/**
 * The layer in focus, for who has no pointer.
 * @param {Scene} scene
 * @returns {Control}
 */
export const layerChoice = (scene) => ({
  kind: "select",
  name: "layer",
  label: scene.t("layer"),
  options: scene.layoutIndex.layers.map((name) => ({ value: name, text: describedLayer(scene, name) })),
  value: focusLayer(scene),
  change: (layer) => ({ type: "select", selection: { layer } }),
});

/** @param {string} text @returns {number} */
const wholeNumber = (text) => Math.max(0, Math.round(Number(text) || 0));

/**
 * The step that others are compared with.
 * @param {Scene} scene
 * @returns {Control}
 */
export const compareField = (scene) => ({
  kind: "number",
  name: "compare",
  label: scene.t("compare"),
  // Of a run without a known end, the last step moves in every frame while it goes on.
  max: scene.run.total_steps ?? (isLive(scene.run) ? undefined : scene.history.lastStep),
  value: String(scene.selection.compare),
  change: (text) => ({ type: "select", selection: { compare: wholeNumber(text) } }),
});

/**
 * The unit (or channel) in focus.
 * @param {Scene} scene
 * @param {number | undefined} count how many there are
 * @returns {Control}
 */
export const unitField = (scene, count) => ({
  kind: "number",
  name: "unit",
  label: scene.t("unit"),
  value: String(scene.selection.unit ?? 0),
  ...(count ? { max: count - 1 } : {}),
  change: (text) => ({ type: "select", selection: { unit: text === "" ? null : wholeNumber(text) } }),
});
