/** Where the run's history has its largest drift. */

import { driftOf, driftShown } from "../views/drift.js";
import { hiddenOf } from "../views/focus.js";
import { told } from "../views/varied.js";

/** @typedef {import("../types").Scene} Scene */

/**
 * The step and hidden layer of the most drift in any network; null before there is any.
 * @param {Scene} scene
 */
export function mostShift(scene) {
  /** @type {{step: number, network: string, layer: string, value: number} | null} */
  let most = null;
  for (const network of scene.header.networks) {
    for (const { name } of hiddenOf(network)) {
      const drift = driftOf(scene, network.name, name);
      if (!drift) continue;
      const stream = scene.history.stream(drift.stream);
      for (let position = 0; position < stream.count; position++) {
        const slot = stream.order[position];
        const value = told(scene, network.name, name, driftShown(scene), drift.at(slot));
        if (Number.isFinite(value) && (most === null || value > most.value))
          most = { step: stream.steps[slot], network: network.name, layer: name, value };
      }
    }
  }
  return most;
}
