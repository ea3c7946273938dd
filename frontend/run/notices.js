/** What a person must know now, as sentences: a lost connection, a divergence, a failure, a refusal. */

import { h } from "../app/dom.js";
import { named } from "../app/i18n.js";
import { noticeOf, worded } from "../app/server-messages.js";

/** @typedef {import("../app/state.js").State} State */
/** @typedef {{key: string, text: string, bad?: boolean, action?: {text: string, act: () => void}}} Notice */
/** @typedef {{dismiss: () => void, retry: () => void, seek: (step: number | null) => void}} Acts */

/** Notes that something was not recorded, or no more: who reads the charts must know what they lack. */
const FAILURES = new Set([
  "event.scope_failed",
  "event.probe_failed",
  "event.probe_layer_failed",
  "event.frames_dropped",
]);
/** Failures that are told in full; how many more there are is told with the last. */
const MOST_FAILURES = 3;

/** What is wrong with the way to the server. @param {State} state @param {Acts} acts @returns {Notice[]} */
function connectionNotices({ t, reachable, linkChanged, open, connection, header }, acts) {
  if (linkChanged) return [{ key: "link-changed", text: t("link.changed"), bad: true }];
  /** @type {Notice[]} */
  const list = [];
  if (!reachable) list.push({ key: "unreachable", text: t("unreachable"), bad: true });
  if (open && connection === "lost")
    list.push({ key: "lost", text: t("link.lost"), action: { text: t("link.retry"), act: acts.retry } });
  // Of a run that was never seen the page itself says that there is none.
  if (open && header && connection === "unknown") list.push({ key: "unknown", text: t("link.unknown"), bad: true });
  return list;
}

/**
 * The failures that are not part of a later one: of a probe that failed as a whole, not where it had failed before.
 * @param {import("../types").RunEvent[]} events
 */
function wholeFailures(events) {
  const failed = events.filter(({ code = "" }) => FAILURES.has(code));
  const gone = failed.filter(({ code }) => code === "event.probe_failed").map(({ values }) => values?.probe);
  return failed
    .filter(({ code, values }) => code !== "event.probe_layer_failed" || !gone.includes(values?.probe))
    .sort((a, b) => Number(isScope(b)) - Number(isScope(a)));
}

/** @param {import("../types").RunEvent} event */
const isScope = ({ code }) => code === "event.scope_failed";

/** What failed while the training went on. @param {State} state @param {Acts} acts @returns {Notice[]} */
function failureNotices({ t, events }, acts) {
  const failed = wholeFailures(events);
  const more = failed.length - MOST_FAILURES;
  return failed.slice(0, MOST_FAILURES).map((event, i) => ({
    key: `failure ${i}`,
    text: [
      t("event.text", { step: event.step.toLocaleString(t("locale")), text: worded(noticeOf(event), t) }),
      ...(more > 0 && i === MOST_FAILURES - 1 ? [t("failures.more", { count: more })] : []),
    ].join(" "),
    bad: isScope(event),
    action: { text: t("diverged.show"), act: () => acts.seek(event.step) },
  }));
}

/** What became of the run. @param {State} state @param {Acts} acts @returns {Notice[]} */
function runNotices({ t, run, events }, acts) {
  /** @type {Notice[]} */
  const list = events
    .filter((event) => event.kind === "diverged")
    .map(({ network, step }) => ({
      key: `diverged ${network}`,
      text: t("diverged", { network: named(network, t), step }),
      bad: true,
      action: { text: t("diverged.show"), act: () => acts.seek(step) },
    }));
  const reason = worded(run?.reason, t) || "?";
  if (run?.state === "failed") list.push({ key: "failed", text: t("failed", { reason }), bad: true });
  if (run?.state === "interrupted")
    list.push({ key: "interrupted", text: t("interrupted", { step: run.step, reason }) });
  if (run?.damage && run.damage.text !== run.reason?.text)
    list.push({ key: "damage", text: worded(run.damage, t), bad: true });
  if (run?.absence) list.push({ key: "absent", text: t("absent", { reason: worded(run.absence, t) }) });
  return list;
}

/** @param {State} state @param {Acts} acts @returns {Notice[]} */
function problemNotices({ t, problem }, acts) {
  if (!problem) return [];
  const action = { text: t("close"), act: acts.dismiss };
  return [{ key: `problem ${problem.text}`, text: worded(problem, t), bad: true, action }];
}

/** All of them, the most pressing first. @param {State} state @param {Acts} acts @returns {Notice[]} */
export const noticesOf = (state, acts) => [
  ...connectionNotices(state, acts),
  ...runNotices(state, acts),
  ...failureNotices(state, acts),
  ...problemNotices(state, acts),
];

/** @param {HTMLElement} root @param {State} state @param {Acts} acts */
export function drawNotices(root, state, acts) {
  const list = noticesOf(state, acts);
  const key = JSON.stringify([state.t("locale"), ...list.map((one) => [one.key, one.text])]);
  // Drawn only when something changed: a screen reader reads what is put here.
  if (root.dataset.key === key) return;
  root.dataset.key = key;
  root.replaceChildren(
    ...list.map(({ text, bad, action }) =>
      h(
        "div",
        { class: bad ? "notice bad" : "notice" },
        h("span", {}, text),
        action ? h("button", { type: "button", on: { click: action.act } }, action.text) : null,
      ),
    ),
  );
}
