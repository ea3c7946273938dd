/** One experiment before it runs: what is asked, what the claim says, what to look at, by which rule it is judged. */

import { h } from "../app/dom.js";
import { localized, named } from "../app/i18n.js";
import { describe } from "../run/describe.js";
import { badge } from "./gallery.js";
import { formula } from "./mathml.js";

/** @typedef {import("../types").Translate} Translate */
/** @typedef {import("../types").Experiment} Experiment */
/** @typedef {import("../types").Trial} Trial */

/** @param {import("../types").Experiment["sources"][0]} source */
const sourceOf = ({ title, url }) =>
  h("li", {}, /^https?:\/\//.test(url) ? h("a", { href: url, rel: "noreferrer", target: "_blank" }, title) : title);

/** @param {Experiment} one @param {Translate} t */
function planOf(one, t) {
  const row = (/** @type {Experiment["runs"][0]} */ { label, config }) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, named(label, t)),
      h("td", {}, describe(/** @type {any} */ ({ config, source: "worker" }), t)),
    );
  return h(
    "div",
    { class: "scroll", tabIndex: 0, role: "region", "aria-label": t("experiment.runs") },
    h("table", {}, h("tbody", {}, ...one.runs.map(row))),
  );
}

/**
 * How it can be started: quickly where there is a quick variant, and in full.
 * @param {Experiment} one
 * @param {Translate} t
 * @param {{start: (quick: boolean) => void, settings: () => void}} acts
 */
function startOf(one, t, acts) {
  const quick = one.quick.length > 0;
  const runs = one.runs.length * one.seeds;
  const full = runs === 1 ? t("experiment.full.one") : t("experiment.full", { runs });
  return h(
    "div",
    { class: "go" },
    h(
      "button",
      { type: "button", class: "primary", id: "start-trial", on: { click: () => acts.start(quick) } },
      t(quick ? "experiment.quick" : "start"),
    ),
    quick ? h("button", { type: "button", id: "start-full", on: { click: () => acts.start(false) } }, full) : null,
    h("button", { type: "button", on: { click: acts.settings } }, t("welcome.configure")),
    quick ? h("small", {}, t("experiment.quick_note", { note: localized(one.quick_note, t) })) : null,
  );
}

/** @param {Trial[]} trials @param {Translate} t @param {(trial: Trial) => void} open */
const triedOf = (trials, t, open) =>
  h(
    "section",
    {},
    h("h3", {}, t("experiment.trials")),
    h(
      "ul",
      { class: "tried" },
      ...trials.map((trial) =>
        h(
          "li",
          {},
          h(
            "button",
            { type: "button", class: "plain", on: { click: () => open(trial) } },
            new Date(1000 * trial.created).toLocaleString(t("locale")),
          ),
          trial.verdict
            ? badge(trial.verdict, t)
            : h("span", { class: "badge" }, t(trial.ended ? "trial.without" : "trial.going_on")),
        ),
      ),
    ),
  );

/**
 * @param {HTMLElement} root
 * @param {Experiment} one
 * @param {Trial[]} trials of this experiment, the newest first
 * @param {Translate} t
 * @param {{back: () => void, start: (quick: boolean) => void, settings: () => void,
 *   trial: (trial: Trial) => void}} acts
 */
export function drawExperiment(root, one, trials, t, acts) {
  const key = JSON.stringify([
    t("locale"),
    one.id,
    trials.map((trial) => [trial.id, trial.ended, trial.verdict?.kind]),
  ]);
  if (root.dataset.key === key) return;
  root.dataset.key = key;
  const part = (/** @type {string} */ title, /** @type {import("../types").Words} */ words) =>
    h("section", {}, h("h3", {}, t(title)), h("p", {}, localized(words, t)));
  root.replaceChildren(
    ...[
      h(
        "a",
        {
          class: "back",
          href: "?",
          on: {
            click: (/** @type {Event} */ event) => {
              event.preventDefault();
              acts.back();
            },
          },
        },
        `← ${t("gallery.all")}`,
      ),
      h(
        "header",
        {},
        h("p", { class: "number" }, t("experiment.number", { number: one.claim })),
        h("h2", { tabIndex: -1 }, localized(one.title, t)),
        h("p", { class: "question" }, localized(one.question, t)),
      ),
      startOf(one, t, acts),
      h(
        "div",
        { class: "columns" },
        h(
          "div",
          {},
          part("experiment.prediction", one.prediction),
          part("experiment.watch", one.watch),
          one.formulae.length
            ? h(
                "div",
                { class: "formulae", tabIndex: 0, role: "region", "aria-label": t("experiment.formulae") },
                ...one.formulae.map(formula),
              )
            : null,
        ),
        h(
          "div",
          {},
          part("experiment.rule", one.rule),
          h("section", {}, h("h3", {}, t("experiment.runs")), planOf(one, t)),
          one.sources.length
            ? h("section", {}, h("h3", {}, t("experiment.sources")), h("ul", {}, ...one.sources.map(sourceOf)))
            : null,
        ),
      ),
      trials.length ? triedOf(trials, t, acts.trial) : null,
    ].filter((child) => child !== null),
  );
}
