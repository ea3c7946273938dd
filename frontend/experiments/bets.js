/** What a reader bets before an experiment runs, kept in the browser for each trial, and what was measured instead. */

import { recall, remember } from "../app/preferences.js";
import { COLLAPSED } from "../views/varied.js";
import { accuracies, labelsOf } from "./trial-state.js";

/** @typedef {import("../types").Experiment} Experiment */
/** @typedef {import("../types").Trial} Trial */
/** @typedef {import("../types").Reading} Reading */
/**
 * @typedef {{verdict?: string, breaks?: string, layer?: string, curve?: number[]}} Bet `curve`: test accuracies of the
 *   network without BN in the first run, at equal distances from its first step to its last
 * @typedef {{id: "verdict" | "breaks" | "layer", options: string[]}} Question
 */

/** The ways a claim can come out; that a number is missing is nothing to bet on. */
const KINDS = ["supported", "depends", "not_supported"];
/** Of fewer runs there is no telling which one breaks. */
const FEWEST_RUNS = 3;
const HIDDEN = "hidden ";
const MOVED = "wasserstein_over_sigma_from_start";
/** Points of a curve, at equal distances, and of these the ones that have a slider. */
export const POINTS = 41;
export const SLIDERS = 5;
const BETWEEN = (POINTS - 1) / (SLIDERS - 1);

/** The curve that a reader starts from. */
export const FIRST_CURVE = Array.from({ length: POINTS }, (_, i) => 0.1 + (0.8 * i) / (POINTS - 1));

/** A curve with as many points as are drawn: older bets have fewer. @param {number[]} curve @returns {number[]} */
export const fine = (curve) =>
  Array.from({ length: POINTS }, (_, i) => {
    const at = (i * (curve.length - 1)) / (POINTS - 1);
    const low = Math.floor(at);
    return curve[low] + (at - low) * ((curve[low + 1] ?? curve[low]) - curve[low]);
  });

/** @param {number} value */
const clamped = (value) => Math.min(1, Math.max(0, value));

/**
 * A curve after a stroke from one place to another: what lies between is on the line from one to the other.
 * @param {number[]} curve @param {[number, number]} from each from 0 to 1 @param {[number, number]} to
 * @returns {number[]}
 */
export function drawnOver(curve, from, to) {
  const last = curve.length - 1;
  const [[x0, y0], [x1, y1]] = from[0] <= to[0] ? [from, to] : [to, from];
  const [low, high] = [x0, x1].map((x) => Math.round(clamped(x) * last));
  return curve.map((value, i) => {
    if (i < low || i > high) return value;
    const share = x1 > x0 ? clamped((i / last - x0) / (x1 - x0)) : 1;
    return clamped(low === high ? to[1] : y0 + share * (y1 - y0));
  });
}

/**
 * A curve of which the point at a slider is moved; to the sliders beside it it goes straight.
 * @param {number[]} curve @param {number} slider @param {number} value
 * @returns {number[]}
 */
export function bent(curve, slider, value) {
  const at = slider * BETWEEN;
  return curve.map((old, i) => {
    const away = Math.abs(i - at) / BETWEEN;
    if (away >= 1) return old;
    const end = curve[i < at ? at - BETWEEN : at + BETWEEN] ?? value;
    return value + away * (end - value);
  });
}

/** What the sliders stand at. @param {number[]} curve */
export const sliderValues = (curve) => Array.from({ length: SLIDERS }, (_, i) => curve[i * BETWEEN]);

/** What can be bet on an experiment. @param {Experiment} experiment @returns {Question[]} */
export function questionsOf({ runs, views }) {
  const depth = Number(runs[0]?.config.network?.depth ?? 0);
  /** @type {Question[]} */
  const questions = [{ id: "verdict", options: KINDS }];
  if (runs.length >= FEWEST_RUNS) questions.push({ id: "breaks", options: runs.map(({ label }) => label) });
  if (views[0] === "shift" && depth > 1)
    questions.push({ id: "layer", options: Array.from({ length: depth }, (_, i) => `${HIDDEN}${i + 1}`) });
  return questions;
}

/** @param {string} id of an experiment, or of a trial @returns {Bet} */
export function betOn(id) {
  try {
    return JSON.parse(recall(`bet.${id}`) || "{}");
  } catch {
    return {};
  }
}

/** @param {string} id @param {Bet} bet */
export const keepBet = (id, bet) => remember(`bet.${id}`, Object.keys(bet).length ? JSON.stringify(bet) : "");

/** What was bet on an experiment is the bet on the trial that was just started of it. @param {Trial} trial */
export function placeBet(trial) {
  const bet = betOn(trial.experiment);
  if (!Object.keys(bet).length) return;
  keepBet(trial.id, bet);
  keepBet(trial.experiment, {});
}

/** @param {[string, number][]} pairs @returns {string | null} the name of the smallest number */
const smallest = (pairs) => pairs.reduce((a, b) => (b[1] < a[1] ? b : a), pairs[0] ?? [null, 0])[0];

/** The run in which the first network ends lowest, over all seeds; null where a run lacks it. @param {Trial} trial */
function broken(trial) {
  const means = labelsOf(trial).map((label) => {
    const found = trial.runs.filter((one) => one.label === label).map((one) => accuracies(one)[0]?.accuracy ?? NaN);
    return /** @type {[string, number]} */ ([label, found.reduce((sum, one) => sum + one, 0) / found.length]);
  });
  return means.some(([, mean]) => Number.isNaN(mean)) ? null : smallest(means);
}

/** What can be bet on. @param {string} layer */
const isHidden = (layer) => layer.startsWith(HIDDEN);

/** The hidden layer of the first network that moved most. @param {Trial} trial */
function moved({ runs }) {
  const figures = Object.entries(runs[0]?.measured ?? {}).map(([name, value]) => ({ parts: name.split("/"), value }));
  const network = figures[0]?.parts[0];
  const layers = figures.flatMap(({ parts: [of, layer, quantity], value }) =>
    of === network && quantity === MOVED && isHidden(layer) && typeof value === "number" && value < COLLAPSED
      ? [[layer, -value]]
      : [],
  );
  return smallest(/** @type {[string, number][]} */ (layers));
}

/** What was measured of each question; null where nothing was. @param {Trial} trial */
export const measuredOf = (trial) => ({
  verdict: KINDS.find((kind) => kind === trial.verdict?.kind) ?? null,
  breaks: trial.ended ? broken(trial) : null,
  layer: trial.ended ? moved(trial) : null,
});

/**
 * The measured test accuracy of the first network in the trial's first run, from 0 to 1 in both directions.
 * @param {Trial} trial
 * @param {Map<string, Reading>} readings
 * @returns {[number, number][]}
 */
export function measuredCurve({ runs }, readings) {
  const reading = runs[0] && readings.get(runs[0].run.id);
  const curve = reading?.curves.find(({ quantity }) => quantity === "test_accuracy");
  if (!curve) return [];
  const last = curve.steps[curve.steps.length - 1] || 1;
  return curve.steps.map((step, i) => /** @type {[number, number]} */ ([step / last, curve.values[i]]));
}
