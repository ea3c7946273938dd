/** Which parts of the page are shown: what is open decides, and what has come of it. */

import { byId } from "../app/dom.js";
import { experimentOf, openTrial, pairOf } from "../app/state.js";
import { showsResults, trialExperiment } from "../experiments/experiments.js";
import { unknownOf } from "../run/waiting.js";

/** @typedef {import("../app/state.js").State} State */

/** Parts of a run. @param {State} state */
function runSections(state) {
  const { open, run, header, drawable, runs, trial } = state;
  const begun = open !== null && header !== null;
  const waited = open === null ? runs === null || trial !== null || unknownOf(state) !== null : !begun || !drawable;
  return {
    "run-title": run !== null,
    controls: run !== null,
    waiting: waited,
    "chart-grid": begun,
    story: begun,
    "present-start": begun,
    "run-summary": begun,
    "axis-bar": begun,
  };
}

/** Parts of an experiment and of its trial. @param {State} state */
function experimentSections(state) {
  const trial = openTrial(state);
  const guided = trial !== null && state.tourStep !== null && trialExperiment(state) !== undefined;
  return {
    experiment: experimentOf(state, state.experiment) !== undefined,
    trial: trial !== null,
    outcome: trial !== null && showsResults(state, trial),
    guide: guided && !state.linked.embed,
  };
}

/**
 * What to begin with. An experiment, or a trial whose run is yet to come, stands in its place.
 * @param {State} state
 */
function firstSections({ open, runs, experiment, trial, experiments }) {
  const first = open === null && runs !== null && experiment === null && trial === null;
  return { welcome: first, gallery: first && experiments.length > 0 };
}

/** Ids of the page's parts, and whether each is shown. @param {State} state @returns {Record<string, boolean>} */
export function sectionsOf(state) {
  const sections = { ...runSections(state), ...experimentSections(state), ...firstSections(state) };
  if (pairOf(state) === null) return { ...sections, pair: false };
  return { ...Object.fromEntries(Object.keys(sections).map((id) => [id, false])), pair: true };
}

/** @param {State} state */
export function drawSections(state) {
  for (const [id, shown] of Object.entries(sectionsOf(state))) byId(id).hidden = !shown;
  // The timeline comes with the first frame.
  if (state.open === null) byId("timeline").hidden = byId("skip-timeline").hidden = true;
}
