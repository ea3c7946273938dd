/** Actions on experiments and their trials: which is open, which of a trial's runs is shown, the guided tour. */

import { openRun } from "./run-actions.js";
import { experimentOf, isLive, openTrial } from "./state.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("../types").Trial} Trial */

/** What can be open: a trial and perhaps one of its runs, an experiment, a run, or nothing of these.
 * @typedef {{trial?: string | null, experiment?: string | null, run?: string | null}} Route
 */

/**
 * @typedef {{type: "experiments", experiments: import("../types").Experiment[]}
 *   | {type: "trials", trials: Trial[]}
 *   | {type: "navigate", route: Route}
 *   | {type: "trial_started", trial: Trial}
 *   | {type: "trial", trial: Trial}
 *   | {type: "trial_unknown"}
 *   | {type: "pin_run", run: string}
 *   | {type: "results", shown: boolean}
 *   | {type: "evidence", evidence: import("../types").Evidence}
 *   | {type: "tour", step: number | null}} TrialAction
 */

/**
 * The run to be shown: the open one while it goes on, else the one that trains, else the one that waits, else what was
 * open, else the first.
 * @param {Trial} trial
 * @param {string | null} open
 */
export function currentRun(trial, open) {
  const runs = trial.runs.map(({ run }) => run);
  const opened = runs.find((run) => run.id === open);
  if (opened && isLive(opened)) return opened.id;
  const next = runs.find((run) => isLive(run) && run.state !== "queued") ?? runs.find(isLive) ?? opened ?? runs[0];
  return next?.id ?? null;
}

/**
 * Open an experiment, a trial or neither; what was chosen of another trial is let go.
 * @param {State} state
 * @param {Partial<Pick<State, "experiment" | "trial" | "pinned">>} route
 * @returns {State}
 */
function goTo(state, route) {
  const next = { ...state, experiment: null, trial: null, pinned: false, ...route };
  return next.trial === state.trial
    ? next
    : { ...next, trialUnknown: false, resultsShown: null, tourStep: null, lit: null };
}

/** @param {State} state @param {Trial} trial */
const layerInFocus = (state, trial) => experimentOf(state, trial.experiment)?.layer || null;

/**
 * Show the run that a trial has come to, unless one is pinned. What was chosen stays; the step too, when the trial has
 * just been opened, by a link that may name one.
 * @param {State} state
 * @param {Trial} trial
 * @param {boolean} opened
 * @returns {State}
 */
function followTrial(state, trial, opened) {
  const run = currentRun(trial, state.open);
  if (state.pinned || run === state.open) return state;
  const { layer, choices, compare, step } = state.selection;
  const next = openRun(state, run);
  const selection = { ...next.selection, layer: layer ?? layerInFocus(state, trial), choices, compare };
  return { ...next, selection: opened ? { ...selection, step } : selection };
}

/** @param {State} state @param {Trial} trial @returns {State} */
const withTrial = (state, trial) => {
  // The newest first, as the server has them: clocks may have been set meanwhile.
  const known = state.trials.some((one) => one.id === trial.id);
  const trials = known ? state.trials.map((one) => (one.id === trial.id ? trial : one)) : [trial, ...state.trials];
  return { ...state, trials };
};

/** @param {State} state @param {string} id @param {string | null} run the one chosen by hand */
function showTrial(state, id, run) {
  const next = openRun(goTo(state, { trial: id, pinned: run !== null }), run);
  const trial = openTrial(next);
  return trial ? followTrial(next, trial, true) : next;
}

/** @param {State} state @param {Route} route */
function navigate(state, { trial = null, experiment = null, run = null }) {
  if (trial !== null) return showTrial(state, trial, run);
  if (experiment !== null) return openRun(goTo(state, { experiment }), null);
  return openRun(goTo(state, {}), run);
}

/**
 * There is no such trial: a page says so, which is more than the refusal; where a run of it is open, that stays.
 * @param {State} state @returns {State}
 */
function unknownTrial(state) {
  const { trial, trials, open } = state;
  if (open !== null) return goTo(state, {});
  return { ...state, trialUnknown: true, trials: trials.filter(({ id }) => id !== trial), problem: null };
}

/** The layer that matters is in focus where none is. @param {State} state @param {string} run */
function pinRun(state, run) {
  const next = openRun({ ...state, pinned: true }, run);
  const trial = openTrial(next);
  if (!trial || next.selection.layer !== null) return next;
  return { ...next, selection: { ...next.selection, layer: layerInFocus(next, trial) } };
}

/** A chart is shown, even if it was hidden. @param {State} state @param {string} view @returns {State} */
function withChart(state, view) {
  const { charts } = state.selection;
  if (charts === null || charts.includes(view)) return state;
  return { ...state, selection: { ...state.selection, charts: [...charts, view] } };
}

/**
 * The run of the open trial that has this label is shown, once it has begun.
 * @param {State} state
 * @param {string} label
 */
function withLabelled(state, label) {
  const run = label && openTrial(state)?.runs.find((one) => one.label === label)?.run;
  return !run || run.state === "queued" || run.id === state.open ? state : pinRun(state, run.id);
}

/** The chart of a step is shown, and the run that it is about. @param {State} state @param {number | null} step */
function takeTour(state, step) {
  const stop = step === null ? undefined : experimentOf(state, openTrial(state)?.experiment)?.tour[step];
  const next = { ...state, tourStep: step, lit: null };
  return stop ? withChart(withLabelled(next, stop.run), stop.view) : next;
}

/**
 * Show where a part of the verdict is seen: the chart, the run, the step.
 * @param {State} state
 * @param {import("../types").Evidence} evidence
 * @returns {State}
 */
function showEvidence(state, { view, run, step, choices }) {
  const next = withChart(withLabelled(state, run), view);
  const selection = { ...next.selection, step, choices: { ...next.selection.choices, ...choices } };
  return { ...next, selection, playing: false, tourStep: null, lit: view };
}

/**
 * A run that is part of a trial was opened by itself, from the list or by its link: its trial is open too.
 * @param {State} state
 * @returns {State}
 */
export function adoptRun(state) {
  const { open, run, trial, experiment } = state;
  if (open === null || run?.id !== open) return state;
  const part = run.trial ?? null;
  if (part) return part.id === trial ? state : goTo(state, { trial: part.id, pinned: true });
  return trial === null && experiment === null ? state : goTo(state, {});
}

/** @type {import("./state.js").Reducers<TrialAction>} */
export const trialActions = {
  experiments: (state, { experiments }) => ({ ...state, experiments }),
  trials: (state, { trials }) => ({ ...state, trials }),
  navigate: (state, { route }) => navigate(state, route),
  trial_started: (state, { trial }) => {
    const next = showTrial(withTrial(state, trial), trial.id, null);
    return state.linked.embed ? next : takeTour(next, 0);
  },
  trial: (state, { trial }) => {
    const next = withTrial(state, trial);
    const opened = openTrial(state) === null || state.open === null;
    return trial.id === state.trial ? followTrial(next, trial, opened) : next;
  },
  trial_unknown: unknownTrial,
  pin_run: (state, { run }) => pinRun(state, run),
  results: (state, { shown }) => ({ ...state, resultsShown: shown }),
  tour: (state, { step }) => takeTour(state, step),
  evidence: (state, { evidence }) => showEvidence(state, evidence),
};
