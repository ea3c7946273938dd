/** The bar of a trial: which of its runs is shown, how each is, what each measured, and what can be done next. */

import { h, setText } from "../app/dom.js";
import { localized, named } from "../app/i18n.js";
import { calledState } from "../app/state.js";
import { trialBadge } from "./badge.js";
import { accuracies, changedRuns, nameOf } from "./trial-state.js";

/** @typedef {import("../types").Translate} Translate */
/** @typedef {import("../types").Trial} Trial */
/** @typedef {import("../types").TrialRun} TrialRun */
/** @typedef {import("../types").Experiment} Experiment */
/**
 * @typedef {{trial: Trial, experiment: Experiment | undefined, open: string | null, results: boolean,
 *   guided: boolean}} Shown
 * @typedef {{experiment: () => void, pin: (run: string) => void, results: () => void, guide: () => void,
 *   next: () => void}} Acts
 */

/** @param {TrialRun} one @param {Translate} t */
const measured = (one, t) =>
  accuracies(one)
    .map(({ network, accuracy }) => `${named(network, t)} ${t("percent", { value: (100 * accuracy).toFixed(1) })}`)
    .join(" · ");

/**
 * A run of the trial, to be shown.
 * @param {TrialRun} one
 * @param {Shown} shown
 * @param {Translate} t
 * @param {Acts} acts
 */
function chipOf(one, { trial, open }, t, acts) {
  const { id } = one.run;
  const state = calledState(one.run);
  const chip = {
    type: "button",
    class: "chip",
    id: `chip-${id}`,
    "data-run": id,
    "data-state": state,
    "aria-current": id === open ? "true" : undefined,
    on: { click: () => acts.pin(id) },
  };
  return h(
    "li",
    {},
    h(
      "button",
      chip,
      h("span", { class: "name" }, nameOf(trial, one, t)),
      h("span", { class: "state" }, t(`state.${state}`)),
      one.measured ? h("span", { class: "found" }, measured(one, t)) : null,
    ),
  );
}

/** @param {Shown} shown @param {Translate} t @param {Acts} acts */
function titleOf({ trial, experiment }, t, acts) {
  const click = (/** @type {Event} */ event) => {
    event.preventDefault();
    acts.experiment();
  };
  const href = experiment ? `?experiment=${experiment.id}` : "?";
  return h(
    "a",
    { class: "title", href, on: { click } },
    experiment ? localized(experiment.title, t) : trial.experiment,
  );
}

/** @param {string} id @param {string} text @param {boolean} on @param {() => void} click */
const toggle = (id, text, on, click) =>
  h("button", { id, type: "button", "aria-pressed": String(on), on: { click } }, text);

/** @param {Shown} shown @param {Translate} t @param {Acts} acts */
function actsOf({ experiment, results, guided }, t, acts) {
  const next = experiment?.next
    ? h(
        "button",
        {
          id: "change-one",
          type: "button",
          "data-needs": "start",
          title: localized(experiment.change, t),
          on: { click: acts.next },
        },
        t("trial.change"),
      )
    : null;
  return h(
    "div",
    { class: "acts" },
    experiment ? toggle("guide-on", t("guide"), guided, acts.guide) : null,
    toggle("results-on", t("trial.results"), results, acts.results),
    next,
  );
}

/** @param {Shown} shown @param {Translate} t */
const keyOf = ({ trial, experiment, open, results, guided }, t) =>
  JSON.stringify([
    t("locale"),
    trial.id,
    experiment?.id,
    open,
    results,
    guided,
    trial.ended,
    trial.verdict?.kind,
    trial.runs.map((one) => [one.run.id, one.run.state, one.measured !== null]),
    changedRuns(trial, t),
  ]);

/**
 * What a change by hand does to the trial, as soon as there was one; else nothing.
 * @param {Trial} trial @param {Translate} t
 */
function changedText(trial, t) {
  const runs = changedRuns(trial, t);
  return runs.length ? t("trial.changed", { runs: runs.join(", ") }) : "";
}

/** @param {HTMLElement} root @param {Shown} shown @param {Translate} t @param {Acts} acts */
export function drawTrial(root, shown, t, acts) {
  const key = keyOf(shown, t);
  if (root.dataset.key === key) return;
  root.dataset.key = key;
  const focused = root.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).id : "";
  const { trial, open } = shown;
  const at = trial.runs.findIndex(({ run }) => run.id === open);
  root.replaceChildren(
    h(
      "div",
      { class: "line" },
      titleOf(shown, t, acts),
      h("span", { class: "which" }, at < 0 ? "" : t("trial.which", { at: at + 1, of: trial.runs.length })),
      trialBadge(trial, t),
      h(
        "ul",
        { class: "chips", "aria-label": t("experiment.runs") },
        ...trial.runs.map((one) => chipOf(one, shown, t, acts)),
      ),
      h("span", { class: "spacer" }),
      actsOf(shown, t, acts),
    ),
    ...(trial.verdict ? [] : [h("p", { class: "changed" }, changedText(trial, t))]),
  );
  if (focused) document.getElementById(focused)?.focus();
}

/**
 * The trial's outcome once, and that it will have none once it was changed, for who cannot see it.
 * @param {HTMLElement} root
 * @param {Trial} trial
 * @param {Translate} t
 */
export const announce = (root, trial, t) =>
  setText(
    root,
    !trial.ended ? changedText(trial, t) : trial.verdict ? localized(trial.verdict.sentence, t) : t("verdict.none"),
  );
