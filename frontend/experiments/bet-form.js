/** Predict, then see: the bet before an experiment runs, and what was measured laid over it afterwards. */

import { h, svg } from "../app/dom.js";
import { named } from "../app/i18n.js";
import { betOn, keepBet, measuredCurve, measuredOf, questionsOf } from "./bets.js";

/** @typedef {import("../types").Translate} Translate */
/** @typedef {import("../types").Experiment} Experiment */
/** @typedef {import("./bets.js").Question} Question */
/** @typedef {import("./bets.js").Bet} Bet */

const POINTS = 5;
const [WIDTH, HEIGHT] = [240, 110];

/** An answer in words. @param {Question["id"]} id @param {string} value @param {Translate} t */
const wordsOf = (id, value, t) => (id === "verdict" ? t(`verdict.${value}`) : named(value, t));

/** @param {[number, number][]} points each from 0 to 1 */
const lineOf = (points) =>
  points.map(([x, y]) => `${(x * WIDTH).toFixed(1)},${((1 - y) * HEIGHT).toFixed(1)}`).join(" ");

/** @param {number[]} curve @returns {[number, number][]} */
const spreadOut = (curve) => curve.map((y, i) => [i / (curve.length - 1), y]);

/** A frame in which curves of accuracies stand. @param {string} label @param {...Node} lines */
const frameOf = (label, ...lines) =>
  svg(
    "svg",
    { viewBox: `-1 -1 ${WIDTH + 2} ${HEIGHT + 2}`, role: "img", "aria-label": label },
    svg("rect", { width: WIDTH, height: HEIGHT }),
    ...lines,
  );

/**
 * One question with its options.
 * @param {Question} question @param {Bet} bet @param {() => void} keep @param {Translate} t
 */
function choiceOf({ id, options }, bet, keep, t) {
  const option = (/** @type {string} */ value) => {
    const change = () => {
      bet[id] = value;
      keep();
    };
    const radio = { type: "radio", name: `bet-${id}`, value, checked: bet[id] === value, on: { change } };
    return h("label", {}, h("input", radio), wordsOf(id, value, t));
  };
  return h("fieldset", { "data-bet": id }, h("legend", {}, t(`bet.${id}`)), ...options.map(option));
}

/** A curve that is drawn by its points. @param {Bet} bet @param {() => void} keep @param {Translate} t */
function curveField(bet, keep, t) {
  const values = bet.curve ?? Array.from({ length: POINTS }, (_, i) => 0.1 + 0.2 * i);
  const line = svg("polyline", { class: "mine", points: lineOf(spreadOut(values)) });
  const slider = (/** @type {number} */ value, /** @type {number} */ i) => {
    const label = t("bet.at", { percent: (100 * i) / (POINTS - 1) });
    const input = h("input", { type: "range", min: "0", max: "1", step: "0.01", value: String(value) });
    input.setAttribute("aria-label", label);
    input.addEventListener("input", () => {
      values[i] = Number(input.value);
      bet.curve = values;
      line.setAttribute("points", lineOf(spreadOut(values)));
      keep();
    });
    return h("label", {}, h("span", {}, label), input);
  };
  return h(
    "fieldset",
    { "data-bet": "curve" },
    h("legend", {}, t("bet.curve")),
    frameOf(t("bet.curve"), line),
    ...values.map(slider),
  );
}

/** The bet on an experiment; folded away it is skipped. @param {Experiment} one @param {Translate} t */
export function betForm(one, t) {
  const bet = betOn(one.id);
  const keep = () => keepBet(one.id, bet);
  return h(
    "details",
    { class: "bet", open: true },
    h("summary", {}, t("bet.title")),
    h("p", {}, t("bet.note")),
    h(
      "div",
      { class: "questions" },
      ...questionsOf(one).map((question) => choiceOf(question, bet, keep, t)),
      curveField(bet, keep, t),
    ),
  );
}

/**
 * What came of an answer.
 * @param {Question["id"]} id @param {string} said @param {string | null} found @param {Translate} t
 */
function outcomeOf(id, said, found, t) {
  if (found === null) return null;
  const values = { question: t(`bet.${id}`), said: wordsOf(id, said, t), measured: wordsOf(id, found, t) };
  return h("li", { "data-right": String(said === found) }, t(said === found ? "bet.right" : "bet.wrong", values));
}

/**
 * The bet on a trial beside what was measured; nothing where there was none.
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
  const ids = /** @type {Question["id"][]} */ (["verdict", "breaks", "layer"]);
  const outcomes = ids.flatMap((id) => outcomeOf(id, bet[id] ?? "", bet[id] ? found[id] : null, t) ?? []);
  const mine = svg("polyline", { class: "mine", points: lineOf(spreadOut(bet.curve ?? [])) });
  const measured = svg("polyline", { class: "measured", points: lineOf(curve) });
  root.hidden = outcomes.length === 0 && curve.length === 0;
  root.replaceChildren(
    h("h3", {}, t("bet.result")),
    h("ul", {}, ...outcomes),
    ...(curve.length ? [h("p", {}, t("bet.overlay")), frameOf(t("bet.overlay"), mine, measured)] : []),
  );
}
