/** The bar of a trial: which of its runs is shown, how each is, what each measured, and what can be done next. */

import { h, setText } from "../app/dom.js";
import { localized, named } from "../app/i18n.js";
import { badge } from "./gallery.js";
import { accuracies, nameOf } from "./trial-state.js";

/** @typedef {import("../types").Translate} Translate */
/** @typedef {import("../types").Trial} Trial */

/** @param {import("../types").TrialRun} one @param {Translate} t */
const found = (one, t) =>
  accuracies(one)
    .map(({ network, accuracy }) => `${named(network, t)} ${(100 * accuracy).toFixed(1)} %`)
    .join(" · ");

/**
 * @param {HTMLElement} root
 * @param {{trial: Trial, experiment: import("../types").Experiment | undefined, open: string | null, results: boolean,
 *   guided: boolean}} what
 * @param {Translate} t
 * @param {{experiment: () => void, pick: (run: string) => void, results: () => void, guide: () => void,
 *   next: () => void}} acts
 */
export function drawTrial(root, { trial, experiment, open, results, guided }, t, acts) {
  const key = JSON.stringify([
    t("locale"),
    trial.id,
    experiment?.id,
    open,
    results,
    guided,
    trial.ended,
    trial.verdict?.kind,
    trial.runs.map((one) => [one.run.id, one.run.state, one.measured !== null]),
  ]);
  if (root.dataset.key === key) return;
  root.dataset.key = key;
  const focused = root.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).id : "";
  const at = trial.runs.findIndex(({ run }) => run.id === open);
  const chip = (/** @type {import("../types").TrialRun} */ one) =>
    h(
      "li",
      {},
      h(
        "button",
        {
          type: "button",
          class: "chip",
          id: `chip-${one.run.id}`,
          "data-run": one.run.id,
          "data-state": one.run.state,
          "aria-current": one.run.id === open ? "true" : undefined,
          on: { click: () => acts.pick(one.run.id) },
        },
        h("span", { class: "name" }, nameOf(trial, one, t)),
        h("span", { class: "state" }, t(`state.${one.run.state}`)),
        one.measured ? h("span", { class: "found" }, found(one, t)) : null,
      ),
    );
  const toggle = (
    /** @type {string} */ id,
    /** @type {string} */ text,
    /** @type {boolean} */ on,
    /** @type {() => void} */ act,
  ) => h("button", { id, type: "button", "aria-pressed": String(on), on: { click: act } }, text);
  root.replaceChildren(
    h(
      "div",
      { class: "line" },
      h(
        "a",
        {
          class: "title",
          href: experiment ? `?experiment=${experiment.id}` : "?",
          on: {
            click: (/** @type {Event} */ event) => {
              event.preventDefault();
              acts.experiment();
            },
          },
        },
        experiment ? localized(experiment.title, t) : trial.experiment,
      ),
      h("span", { class: "which" }, at < 0 ? "" : t("trial.which", { at: at + 1, of: trial.runs.length })),
      trial.verdict
        ? badge(trial.verdict, t)
        : h("span", { class: "badge" }, t(trial.ended ? "trial.without" : "trial.going_on")),
      h("span", { class: "spacer" }),
      h(
        "div",
        { class: "acts" },
        experiment ? toggle("guide-on", t("guide"), guided, acts.guide) : null,
        toggle("results-on", t("trial.results"), results, acts.results),
        experiment?.next
          ? h(
              "button",
              { id: "change-one", type: "button", title: localized(experiment.change, t), on: { click: acts.next } },
              t("trial.change"),
            )
          : null,
      ),
    ),
    h("ul", { class: "chips", "aria-label": t("experiment.runs") }, ...trial.runs.map(chip)),
  );
  if (focused) document.getElementById(focused)?.focus();
}

/**
 * Say the trial's outcome once, for who cannot see it.
 * @param {HTMLElement} root
 * @param {Trial} trial
 * @param {Translate} t
 */
export const announce = (root, trial, t) =>
  setText(root, !trial.ended ? "" : trial.verdict ? localized(trial.verdict.sentence, t) : t("verdict.none"));
