/** What is drawn in a chart that shows no single run as it goes on: several runs, or none. */

import { FIRST_SELECTION } from "../app/state.js";

const NARROW = 720;

/** Whether the window is a phone's, say. */
export const isNarrow = () => innerWidth < NARROW;

/**
 * A scene without a history.
 * @template {object} Own
 * @param {import("../app/state.js").State} state
 * @param {{id: string, name: string}} run what stands for the run in pictures and files
 * @param {Own} own what the view draws
 */
export const freeScene = ({ t, theme, selection: { choices } }, run, own) => ({
  run,
  events: [],
  selection: { ...FIRST_SELECTION, step: 0, choices },
  theme,
  t,
  span: 0,
  history: { count: 0 },
  narrow: isNarrow(),
  ...own,
});
