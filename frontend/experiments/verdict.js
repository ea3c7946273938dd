/**
 * What a trial found: the verdict, part by part, with the numbers, each side's figures and the rule; or why there is
 * none.
 */

import { h } from "../app/dom.js";
import { localized, named } from "../app/i18n.js";
import { brief } from "../app/numbers.js";
import { worded } from "../app/server-messages.js";
import { broken, changedRuns, figureTable, nameOf } from "./trial-state.js";

/** @typedef {import("../types").Translate} Translate */
/** @typedef {import("../types").Trial} Trial */
/** @typedef {import("../types").Verdict} Verdict */
/** @typedef {import("../types").Evidence} Evidence */

/** A table that scrolls in its own box. @param {string} name @param {Node[]} head @param {Node[]} rows */
const table = (name, head, rows) =>
  h(
    "div",
    { class: "scroll", tabIndex: 0, role: "region", "aria-label": name },
    h("table", {}, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...rows)),
  );

/** Whether a part of a claim holds; a number that it rests on may not have been measured. */
const MARKS = { holds: "✓", fails: "✗", undecided: "?" };

/**
 * The question, and a sentence that answers it.
 * @param {Verdict} verdict @param {import("../types").Experiment | undefined} experiment @param {Translate} t
 */
function answerOf({ kind, parts }, experiment, t) {
  const said = (/** @type {string} */ outcome) =>
    parts.flatMap((part) => (part.outcome === outcome ? localized(part.says, t) : [])).join("; ");
  const values = { held: said("holds"), failed: said("fails"), unknown: said("undecided") };
  return [
    experiment ? h("p", { class: "asked" }, localized(experiment.question, t)) : null,
    h("p", { class: "answer" }, t(`verdict.answer.${kind}`, values)),
  ];
}

/**
 * The way to where a part is seen.
 * @param {import("../types").VerdictPart} part @param {Translate} t @param {(evidence: Evidence) => void} show
 */
function evidenceOf({ evidence, says }, t, show) {
  if (!evidence) return null;
  const label = t("verdict.evidence.of", { says: localized(says, t) });
  const act = { type: "button", class: "evidence", "aria-label": label, on: { click: () => show(evidence) } };
  return h("button", act, t("verdict.evidence"));
}

/** @param {Verdict} verdict @param {Translate} t @param {(evidence: Evidence) => void} show */
function judged(verdict, t, show) {
  const { columns, rows } = verdict.table;
  return [
    h(
      "ul",
      { class: "parts" },
      ...verdict.parts.map((part) =>
        h(
          "li",
          { "data-outcome": part.outcome },
          h("span", { class: "mark", role: "img", "aria-label": t(`verdict.${part.outcome}`) }, MARKS[part.outcome]),
          h(
            "span",
            {},
            localized(part.says, t),
            " ",
            h("span", { class: "numbers" }, `(${localized(part.numbers, t)})`),
            " ",
            evidenceOf(part, t, show),
          ),
        ),
      ),
    ),
    table(
      t("verdict.table"),
      columns.map((column) => h("th", { scope: "col" }, localized(column, t))),
      rows.map((row) =>
        h(
          "tr",
          {},
          ...row.map((cell, i) =>
            i === 0 ? h("th", { scope: "row" }, localized(cell, t)) : h("td", {}, localized(cell, t)),
          ),
        ),
      ),
    ),
  ];
}

/** A figure's name as words. @param {string} name @param {Translate} t */
const figureName = (name, t) =>
  name
    .split("/")
    .map((part, i, all) => (i === all.length - 1 ? t(`quantity.${part}`) : named(part, t)))
    .join(" · ");

/** @param {number | string | null} value */
const figureOf = (value) =>
  value === null ? "–" : typeof value === "number" ? brief(value) : ({ inf: "∞", "-inf": "−∞" }[value] ?? "NaN");

/** All that was measured, run by run. @param {Trial} trial @param {Translate} t */
function measured(trial, t) {
  const { columns, rows } = figureTable(trial, t);
  if (!rows.length) return null;
  return h(
    "details",
    {},
    h("summary", {}, t("verdict.figures")),
    table(
      t("verdict.figures"),
      [h("th", { scope: "col" }, t("verdict.figure")), ...columns.map((name) => h("th", { scope: "col" }, name))],
      rows.map(({ name, values }) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, figureName(name, t)),
          ...values.map((value) => h("td", {}, figureOf(value))),
        ),
      ),
    ),
  );
}

/** Why there is no verdict, in sentences. @param {Trial} trial @param {Translate} t */
export function whyNot(trial, t) {
  const failed = broken(trial).map((one) =>
    t("verdict.broken", {
      run: nameOf(trial, one, t),
      state: t(`state.${one.run.state}`),
      reason: worded(one.run.reason, t) || t("verdict.no_reason"),
    }),
  );
  return failed.length
    ? failed
    : trial.ended
      ? [worded(trial.reason, t)]
      : [
          t("verdict.waiting", {
            count: trial.runs.filter(({ run }) => run.state === "finished").length,
            of: trial.runs.length,
          }),
        ];
}

/** Which runs are not what the claim speaks of any more. @param {Trial} trial @param {Translate} t */
function changedOf(trial, t) {
  const runs = changedRuns(trial, t);
  return runs.length ? [h("p", { class: "why", role: "note" }, t("verdict.changed", { runs: runs.join(", ") }))] : [];
}

/**
 * @param {HTMLElement} root
 * @param {Trial} trial
 * @param {import("../types").Experiment | undefined} experiment
 * @param {Translate} t
 * @param {(evidence: Evidence) => void} show where a part is seen
 * @param {HTMLElement} bet what was bet before
 */
export function drawVerdict(root, trial, experiment, t, show, bet) {
  const { verdict } = trial;
  const key = JSON.stringify([
    t("locale"),
    trial.id,
    verdict?.kind,
    trial.runs.map(({ run, measured: found }) => [run.state, found !== null]),
    changedRuns(trial, t),
    experiment?.id,
  ]);
  if (root.dataset.key === key) return;
  root.dataset.key = key;
  const title = verdict ? t(`verdict.${verdict.kind}.title`) : t(trial.ended ? "verdict.none" : "verdict.not_yet");
  const kind = verdict?.kind ?? (trial.ended ? "none" : "waiting");
  root.replaceChildren(
    ...[
      h("h2", { "data-kind": kind, tabIndex: -1, id: "verdict-title" }, title),
      ...changedOf(trial, t),
      ...(verdict ? answerOf(verdict, experiment, t) : []),
      bet,
      experiment ? h("p", { class: "claimed" }, t("verdict.claimed"), " ", localized(experiment.prediction, t)) : null,
      ...(verdict ? judged(verdict, t, show) : whyNot(trial, t).map((sentence) => h("p", { class: "why" }, sentence))),
      experiment
        ? h("p", { class: "rule" }, h("strong", {}, `${t("experiment.rule")}: `), localized(experiment.rule, t))
        : null,
      experiment && trial.quick
        ? h("p", { class: "rule" }, t("verdict.quick", { note: localized(experiment.quick_note, t) }))
        : null,
      measured(trial, t),
    ].filter((child) => child !== null),
  );
}
