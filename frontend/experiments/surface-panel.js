/** The card of an experiment's losses, on which gradient descent can be tried out: nothing need be trained for it. */

import { localized } from "../app/i18n.js";
import { FIRST_SELECTION } from "../app/state.js";
import { makePanel } from "../charts/panel.js";
import { surface } from "../views/surface.js";
import { DescentPlayer } from "./descent-player.js";

/** @typedef {import("../types").Experiment} Experiment */

const NARROW = 720;

/**
 * @param {import("../app/store.js").Store} store
 * @param {Experiment} experiment one that has losses to draw
 */
export function makeSurfacePanel(store, experiment) {
  const scene = () => {
    const { t, theme } = store.state;
    return /** @type {any} */ ({
      run: { id: experiment.id, name: localized(experiment.title, t) },
      events: [],
      selection: { ...FIRST_SELECTION, step: 0 },
      theme,
      t,
      span: 0,
      history: { count: 0 },
      narrow: innerWidth < NARROW,
      surfaces: experiment.surfaces,
      at: player.at,
      share: player.share,
    });
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
