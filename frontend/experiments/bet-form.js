/** Predict, then see: the bet before an experiment runs, and what was measured laid over it afterwards. */

import { h, svg } from "../app/dom.js";
import { named } from "../app/i18n.js";
import { drawable, frameOf, keyOf, lineOf, spreadOut } from "./bet-plot.js";
import {
  bent,
  betOn,
  FIRST_CURVE,
  fine,
  keepBet,
  measuredCurve,
  measuredOf,
  questionsOf,
  SLIDERS,
  sliderValues,
} from "./bets.js";

/** @typedef {import("../types").Translate} Translate */
/** @typedef {import("../types").Experiment} Experiment */
/** @typedef {import("./bets.js").Question} Question */
/** @typedef {import("./bets.js").Bet} Bet */

/** An answer in words. @param {Question["id"]} id @param {string} value @param {Translate} t */
const wordsOf = (id, value, t) => (id === "verdict" ? t(`verdict.${value}`) : named(value, t));

/** @typedef {{network: string, run: string}} Subject the first network, and the first run */

/**
 * Whom the questions are about.
 * @param {string | undefined} label of the first run @param {Record<string, any> | null | undefined} config
 * @param {Translate} t
 * @returns {Subject}
 */
const subjectOf = (label, config, t) => ({
  network: named(config?.variants?.[0]?.name ?? "", t),
  run: named(label ?? "", t),
});

/**
 * One question with its options.
 * @param {Question} question @param {Subject} subject @param {Bet} bet @param {() => void} keep @param {Translate} t
 */
function choiceOf({ id, options }, subject, bet, keep, t) {
  const option = (/** @type {string} */ value) => {
    const change = () => {
      bet[id] = value;
      keep();
    };
    const radio = { type: "radio", name: `bet-${id}`, value, checked: bet[id] === value, on: { change } };
    return h("label", {}, h("input", radio), wordsOf(id, value, t));
  };
  return h("fieldset", { "data-bet": id }, h("legend", {}, t(`bet.${id}`, subject)), ...options.map(option));
}

/**
 * A curve that is drawn by hand, or set at some points.
 * @param {Subject} subject @param {Bet} bet @param {() => void} keep @param {Translate} t
 */
function curveField(subject, bet, keep, t) {
  let curve = fine(bet.curve ?? FIRST_CURVE);
  const line = svg("polyline", { class: "mine", points: lineOf(spreadOut(curve)) });
  const sliders = sliderValues(curve).map((value, i) => {
    const input = h("input", { type: "range", min: "0", max: "1", step: "0.01", value: String(value) });
    input.setAttribute("aria-label", t("bet.at", { percent: (100 * i) / (SLIDERS - 1) }));
    input.addEventListener("input", () => change(bent(curve, i, Number(input.value))));
    return input;
  });
  const change = (/** @type {number[]} */ changed) => {
    curve = bet.curve = changed;
    line.setAttribute("points", lineOf(spreadOut(curve)));
    for (const [i, value] of sliderValues(curve).entries()) sliders[i].value = String(value);
    keep();
  };
  const title = t("bet.curve", subject);
  const plot = frameOf(title, t, line);
  drawable(plot, { curve: () => curve, change });
  return h(
    "fieldset",
    { "data-bet": "curve" },
    h("legend", {}, title),
    h("p", {}, t("bet.draw")),
    plot,
    ...sliders.map((input) => h("label", {}, h("span", {}, input.getAttribute("aria-label")), input)),
  );
}

/** The bet on an experiment; folded away it is skipped. @param {Experiment} one @param {Translate} t */
export function betForm(one, t) {
  const bet = betOn(one.id);
  const keep = () => keepBet(one.id, bet);
  const subject = subjectOf(one.runs[0]?.label, one.runs[0]?.config, t);
  return h(
    "details",
    { class: "bet", open: true },
    h("summary", {}, t("bet.title")),
    h("p", {}, t("bet.note")),
    h(
      "div",
      { class: "questions" },
      ...questionsOf(one).map((question) => choiceOf(question, subject, bet, keep, t)),
      curveField(subject, bet, keep, t),
    ),
  );
}

/**
 * What came of an answer, or that it is not measured yet.
 * @param {Question["id"]} id @param {string} said @param {string | null} found @param {Subject} subject
 * @param {Translate} t
 */
function outcomeOf(id, said, found, subject, t) {
  const values = { question: t(`bet.${id}`, subject), said: wordsOf(id, said, t) };
  if (found === null) return h("li", {}, t("bet.open", values));
  const measured = wordsOf(id, found, t);
  const text = t(said === found ? "bet.right" : "bet.wrong", { ...values, measured });
  return h("li", { "data-right": String(said === found) }, text);
}

/**
 * The curve that was drawn, and the measured one over it.
 * @param {number[]} mine @param {[number, number][]} measured @param {Subject} subject @param {Translate} t
 */
function curvesOf(mine, measured, subject, t) {
  const lines = [svg("polyline", { class: "mine", points: lineOf(spreadOut(mine)) })];
  if (measured.length) lines.push(svg("polyline", { class: "measured", points: lineOf(measured) }));
  const title = t("bet.overlay", subject);
  return [h("p", {}, title), frameOf(title, t, ...lines), keyOf(t, measured.length > 0)];
}

/**
 * The bet on a trial, and what was measured beside it; nothing where there was none.
 * @param {HTMLElement} root
 * @param {import("../types").Trial} trial
 * @param {Map<string, import("../types").Reading>} readings
 * @param {Translate} t
 */
export function drawBet(root, trial, readings, t) {
  const bet = betOn(trial.id);
  const found = measuredOf(trial);
  const curve = bet.curve ? measuredCurve(trial, readings) : [];
  const key = JSON.stringify([t("locale"), trial.id, bet, found, curve.length]);
  if (root.dataset.key === key) return;
  root.dataset.key = key;
  const [first] = trial.runs;
  const subject = subjectOf(first?.label, first?.run.config, t);
  const ids = /** @type {Question["id"][]} */ (["verdict", "breaks", "layer"]);
  const outcomes = ids.filter((id) => bet[id]).map((id) => outcomeOf(id, bet[id] ?? "", found[id], subject, t));
  root.hidden = outcomes.length === 0 && !bet.curve;
  root.replaceChildren(
    h("h3", {}, t("bet.result")),
    h("ul", {}, ...outcomes),
    ...(bet.curve ? curvesOf(bet.curve, curve, subject, t) : []),
  );
}
