/** One experiment before it runs: what is asked, what the claim says, what to watch, by which rule it is judged. */

import { h } from "../app/dom.js";
import { localized, named } from "../app/i18n.js";
import { describe } from "../run/describe.js";
import { trialBadge } from "./badge.js";
import { betForm } from "./bet-form.js";
import { formula } from "./mathml.js";

/** @typedef {import("../types").Translate} Translate */
/** @typedef {import("../types").Experiment} Experiment */
/** @typedef {import("../types").Trial} Trial */
/** @typedef {import("../types").Words} Words */
/**
 * @typedef {{back: () => void, start: (quick: boolean) => void, settings: () => void,
 *   trial: (trial: string) => void}} Acts `settings` opens those of the experiment as a new run
 */

/** @param {Experiment["sources"][0]} source */
const sourceOf = ({ title, url }) =>
  h("li", {}, /^https?:\/\//.test(url) ? h("a", { href: url, rel: "noreferrer", target: "_blank" }, title) : title);

/** @param {Experiment["runs"][0]} run @param {Translate} t */
const plannedRun = ({ label, config }, t) =>
  h(
    "tr",
    {},
    h("th", { scope: "row" }, named(label, t)),
    h("td", {}, describe(/** @type {any} */ ({ config, source: "worker" }), t)),
  );

/** @param {Experiment} experiment @param {Translate} t */
const planOf = ({ runs }, t) =>
  h(
    "div",
    { class: "scroll", tabIndex: 0, role: "region", "aria-label": t("experiment.runs") },
    h("table", {}, h("tbody", {}, ...runs.map((run) => plannedRun(run, t)))),
  );

/** How it can be started: quickly where there is a quick variant, and in full.
 * @param {Experiment} one @param {Translate} t @param {Acts} acts
 */
function startOf(one, t, acts) {
  const quick = one.quick.length > 0;
  const runs = one.runs.length * one.seeds;
  const full = runs === 1 ? t("experiment.full.one") : t("experiment.full", { runs });
  const starting = { type: "button", "data-needs": "start" };
  const start = { ...starting, id: "start-trial", class: "primary", on: { click: () => acts.start(quick) } };
  const startFull = { ...starting, id: "start-full", on: { click: () => acts.start(false) } };
  return h(
    "div",
    { class: "go" },
    h("button", start, t(quick ? "experiment.quick" : "start")),
    quick ? h("button", startFull, full) : null,
    h("button", { ...starting, on: { click: acts.settings } }, t("welcome.configure")),
    quick
      ? h("small", { "data-needs": "start" }, t("experiment.quick_note", { note: localized(one.quick_note, t) }))
      : null,
  );
}

/** @param {Trial} trial @param {Translate} t @param {Acts} acts */
function earlierTrial(trial, t, acts) {
  const when = new Date(1000 * trial.created).toLocaleString(t("locale"));
  const open = { type: "button", class: "plain", on: { click: () => acts.trial(trial.id) } };
  return h("li", {}, h("button", open, when), trialBadge(trial, t));
}

/** @param {string} title @param {...(Node | null)} children */
const section = (title, ...children) => h("section", {}, h("h3", {}, title), ...children);

/** @param {Experiment} one @param {Translate} t */
function formulaeOf({ formulae }, t) {
  if (!formulae.length) return null;
  const region = { class: "formulae", tabIndex: 0, role: "region", "aria-label": t("experiment.formulae") };
  return h("div", region, ...formulae.map((one) => formula(one, t)));
}

/** @param {Experiment} one @param {Translate} t */
function columnsOf(one, t) {
  const text = (/** @type {string} */ title, /** @type {Words} */ words) =>
    section(t(title), h("p", {}, localized(words, t)));
  return h(
    "div",
    { class: "columns" },
    h(
      "div",
      {},
      text("experiment.prediction", one.prediction),
      text("experiment.watch", one.watch),
      formulaeOf(one, t),
    ),
    h(
      "div",
      {},
      text("experiment.rule", one.rule),
      section(t("experiment.runs"), planOf(one, t)),
      one.sources.length ? section(t("experiment.sources"), h("ul", {}, ...one.sources.map(sourceOf))) : null,
    ),
  );
}

/** @param {Translate} t @param {Acts} acts */
function backLink(t, acts) {
  const click = (/** @type {Event} */ event) => {
    event.preventDefault();
    acts.back();
  };
  return h("a", { class: "back", href: "?", on: { click } }, `← ${t("gallery.all")}`);
}

/** @param {Experiment} one @param {Translate} t */
const headerOf = (one, t) =>
  h(
    "header",
    {},
    h("p", { class: "number" }, t("experiment.number", { number: one.claim })),
    h("h2", { tabIndex: -1 }, localized(one.title, t)),
    h("p", { class: "question" }, localized(one.question, t)),
  );

/**
 * @param {HTMLElement} root
 * @param {Experiment} one
 * @param {Trial[]} trials of this experiment, the newest first
 * @param {HTMLElement | null} demonstration what can be tried out before it runs
 * @param {Translate} t
 * @param {Acts} acts
 */
export function drawExperiment(root, one, trials, demonstration, t, acts) {
  const key = JSON.stringify([
    t("locale"),
    one.id,
    trials.map((trial) => [trial.id, trial.ended, trial.verdict?.kind]),
  ]);
  if (root.dataset.key === key) return;
  root.dataset.key = key;
  const earlier = h("ul", { class: "tried" }, ...trials.map((trial) => earlierTrial(trial, t, acts)));
  root.replaceChildren(
    backLink(t, acts),
    headerOf(one, t),
    startOf(one, t, acts),
    betForm(one, t),
    ...(demonstration ? [h("div", { class: "demonstration" }, demonstration)] : []),
    columnsOf(one, t),
    ...(trials.length ? [section(t("experiment.trials"), earlier)] : []),
  );
}
