/** The card of an experiment's losses, on which gradient descent can be tried out: nothing need be trained for it. */

import { localized } from "../app/i18n.js";
import { freeScene } from "../charts/free-scene.js";
import { makePanel } from "../charts/panel.js";
import { surface } from "../views/surface.js";
import { DescentPlayer } from "./descent-player.js";

/** @typedef {import("../types").Experiment} Experiment */

/**
 * @param {import("../app/store.js").Store} store
 * @param {Experiment} experiment one that has losses to draw
 */
export function makeSurfacePanel(store, experiment) {
  /** @returns {any} */
  const scene = () => {
    const run = { id: experiment.id, name: localized(experiment.title, store.state.t) };
    const { at, share } = player;
    return freeScene(store.state, run, { surfaces: experiment.surfaces, at, share });
  };
  const player = new DescentPlayer(scene, () => panel.wake());
  const panel = makePanel(surface, scene(), {
    scene,
    drawable: () => store.state.drawable,
    dispatch: store.dispatch,
    moves: (now) => player.advance(now),
  });
  panel.choose(player.controls());
  return panel;
}
