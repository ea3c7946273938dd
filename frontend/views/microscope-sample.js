/** The followed sample under the microscope: its own numbers, stage by stage. */

import { brief } from "../app/numbers.js";
import { focusLayer } from "./focus.js";
import { followedAt, sampleName, sampleOf } from "./followed.js";
import { normalizesAfter, subject, unitNumbers, unitOf } from "./microscope-subject.js";

/** @typedef {import("../types").Scene} Scene */

/**
 * The values of the followed sample at the stages of the layer under the microscope; null where none is followed, or
 * where the unit there is none of those that are recorded.
 * @param {Scene} scene
 * @returns {Record<string, number> | null}
 */
export function sampleStages(scene) {
  const sample = sampleOf(scene);
  const network = subject(scene)?.network.name;
  if (sample === null || network === undefined) return null;
  const at = (/** @type {string} */ site) => followedAt(scene, sample, { network, layer: focusLayer(scene), site });
  if (at("pre_activation").unit !== unitOf(scene)) return null;
  /** @type {Record<string, number>} */
  const found = {};
  for (const site of ["linear_output", "pre_activation", "output"])
    if (Number.isFinite(at(site).value)) found[site] = at(site).value;
  // It was normalized by the statistics of the fixed batch, which are not those of the step's: scale and shift undone.
  const { gamma, beta } = unitNumbers(scene);
  const scaled = found[normalizesAfter(scene) ? "output" : "pre_activation"];
  if (gamma && beta !== null && scaled !== undefined && subject(scene)?.layer?.normalization)
    found.normalized = (scaled - beta) / gamma;
  return Object.keys(found).length ? found : null;
}

/** The sample and its numbers in words. @param {Scene} scene */
export function sampleText(scene) {
  const sample = sampleOf(scene);
  return sample === null ? "" : sampleName(scene, sample);
}

/** Its way in numbers, as the legend says it. @param {Scene} scene */
export function sampleWay(scene) {
  const found = sampleStages(scene);
  if (!found) return null;
  const way = ["linear_output", "normalized", "pre_activation", "output"].filter((site) => site in found);
  return `${sampleText(scene)}: ${way.map((site) => brief(found[site])).join(" → ")}`;
}
