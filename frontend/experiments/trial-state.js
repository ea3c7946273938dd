/** What a trial of an experiment is at the moment: pure functions of what the server knows of it. */

import { named } from "../app/i18n.js";
import { isLive } from "../app/state.js";

/** @typedef {import("../types").Trial} Trial */
/** @typedef {import("../types").TrialRun} TrialRun */

/** Groups of the gallery in the order in which they are shown; one that is not among them comes last. */
const GROUPS = ["training", "shift", "signal", "batches", "inside", "others"];

/**
 * Experiments by the group that each declares.
 * @template {{id: string, group: string}} E
 * @param {E[]} experiments
 * @returns {{group: string, experiments: E[]}[]}
 */
export function grouped(experiments) {
  const groups = [...new Set([...GROUPS, ...experiments.map((one) => one.group)])];
  return groups
    .map((group) => ({ group, experiments: experiments.filter((one) => one.group === group) }))
    .filter((one) => one.experiments.length > 0);
}

/** Labels of a trial's planned runs, in order. @param {Trial} trial */
export const labelsOf = (trial) => [...new Set(trial.runs.map((one) => one.label))];

/** How many seeds the trial has. @param {Trial} trial */
const seedsOf = (trial) => new Set(trial.runs.map((one) => one.seed)).size;

/**
 * Name of one run: its label, and its seed where there are several.
 * @param {Trial} trial
 * @param {TrialRun} one
 * @param {import("../types").Translate} t
 */
export const nameOf = (trial, one, t) =>
  seedsOf(trial) > 1 ? `${named(one.label, t)} · ${one.run.config?.seed ?? one.seed}` : named(one.label, t);

/** Whether somebody changed a run while it trained. @param {import("../types").Run} run */
const isChanged = ({ interventions = {}, learning_rate: rate, config }) =>
  Object.keys(interventions).length > 0 || (rate !== null && rate !== (config?.optimizer?.learning_rate ?? rate));

/** Why the server will give no verdict on a trial that somebody changed, even where it was changed back. */
const CHANGED = new Set(["undecided.changed", "undecided.touched"]);

/**
 * Names of the runs that are not what the claim speaks of any more.
 * @param {Trial} trial @param {import("../types").Translate} t
 */
export function changedRuns(trial, t) {
  const names = trial.runs.filter(({ run }) => isChanged(run)).map((one) => nameOf(trial, one, t));
  if (names.length || !trial.reason || !CHANGED.has(trial.reason.code)) return names;
  return [named(String(trial.reason.values.run), t)];
}

/** Runs that ended otherwise than they should. @param {Trial} trial */
export const broken = (trial) => trial.runs.filter(({ run }) => !isLive(run) && run.state !== "finished");

/**
 * Figures of all runs as a table: a row a figure, a column a run.
 * @param {Trial} trial
 * @param {import("../types").Translate} t
 * @returns {{columns: string[], rows: {name: string, values: (number | string | null)[]}[]}}
 */
export function figureTable(trial, t) {
  const names = [...new Set(trial.runs.flatMap((one) => Object.keys(one.measured ?? {})))];
  return {
    columns: trial.runs.map((one) => nameOf(trial, one, t)),
    rows: names.map((name) => ({ name, values: trial.runs.map((one) => one.measured?.[name] ?? null) })),
  };
}

/**
 * Test accuracy of each network at the end of a run, where it was measured.
 * @param {TrialRun} one
 * @returns {{network: string, accuracy: number}[]}
 */
export function accuracies(one) {
  return Object.entries(one.measured ?? {}).flatMap(([name, value]) => {
    const [network, quantity, ...more] = name.split("/");
    return quantity === "test_accuracy" && more.length === 0 && typeof value === "number"
      ? [{ network, accuracy: value }]
      : [];
  });
}

/** The newest verdict on an experiment. @param {Trial[]} trials newest first @param {string} experiment */
export const lastVerdict = (trials, experiment) =>
  trials.find((one) => one.experiment === experiment && one.verdict !== null)?.verdict ?? null;
