/**
 * A card with a chart of a whole trial: drawn when something changed, and in every frame only while something moves.
 */

import { markRest } from "../app/rest.js";
import { card } from "./card.js";
import { Chart } from "./chart.js";

/** @typedef {import("../types").TrialScene} TrialScene */

/** The card alone on the full screen, which Escape leaves, or back; nothing where a browser does not allow it. */
const fillScreen = (/** @type {HTMLElement} */ element) =>
  (document.fullscreenElement ? document.exitFullscreen() : element.requestFullscreen()).catch(() => {});

/**
 * @param {import("../types").View} view
 * @param {TrialScene} first
 * @param {{scene: () => TrialScene, drawable: () => boolean,
 *   dispatch: (action: import("../app/store.js").Action) => void,
 *   moves?: (now: number) => boolean}} host `moves` brings on what moves and tells whether more is to come
 */
export function makePanel(view, first, host) {
  const made = card(view, first, {
    dispatch: host.dispatch,
    scene: host.scene,
    picture: (format) => chart.picture(format, host.scene()),
    present: () => fillScreen(made.element),
  });
  let asked = false;
  let alive = true;
  const chart = new Chart(made.chart, view, { pick: () => {}, zoom: () => {}, wake });

  function wake() {
    if (asked || !alive || !host.drawable()) return;
    asked = true;
    markRest(made.element, false);
    requestAnimationFrame((now) => {
      asked = false;
      if (!alive) return;
      const moving = host.moves?.(now) ?? false;
      const scene = host.scene();
      const budget = { layouts: 1, repaints: 1, advances: 1 };
      const later = chart.tick(scene, now, budget);
      if (!moving) made.refresh(scene);
      if (moving || later) wake();
      else if (chart.figure || chart.visible === false) markRest(made.element, true);
    });
  }

  return {
    element: made.element,
    wake,
    /** @param {HTMLElement} choices what is chosen for this chart, above it */
    choose: (choices) => made.chart.before(choices),
    destroy() {
      alive = false;
      chart.destroy();
    },
  };
}
