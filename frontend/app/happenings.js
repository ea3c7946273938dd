/** What happened in a run, in order: the narrator's sentences, and what somebody changed. */

import { inEffect } from "./effects.js";
import { named } from "./i18n.js";
import { noticeOf, worded } from "./server-messages.js";

/** @typedef {import("../types").RunEvent} RunEvent */
/** @typedef {import("../types").Translate} Translate */
/**
 * @typedef {object} Happening
 * @property {number} number of its flag and in the list, from 1
 * @property {number} step
 * @property {boolean} bad whether something broke
 * @property {string} view id of the chart in which it can be seen; empty for none
 * @property {string} layer
 * @property {RunEvent} event
 */

const KINDS = new Set(["narration", "intervention", "learning_rate", "diverged", "restarted"]);
const BAD = /\.(?:diverged|origin|origin_gradient|huge_gradient|\w+_stopped)$/;
/** Where what somebody changed can be seen. */
const VIEW_OF_CHANGES = "loss";

/** @param {RunEvent} event */
const isBad = ({ kind, code = "" }) => kind === "diverged" || BAD.test(code);

/** @param {RunEvent} event */
function viewOf({ kind, value }) {
  if (kind !== "narration") return VIEW_OF_CHANGES;
  const view = value && typeof value === "object" && "view" in value ? value.view : "";
  return typeof view === "string" ? view : "";
}

/** Events do not change, and are asked for in every frame. @type {WeakMap<RunEvent[], Happening[]>} */
const known = new WeakMap();

/** @param {RunEvent[]} events @returns {Happening[]} */
export function happeningsOf(events) {
  let found = known.get(events);
  if (!found) {
    const told = new Set(events.filter(({ code }) => code === "narration.diverged").map(({ network }) => network));
    found = inEffect(events)
      .filter(({ kind, network }) => KINDS.has(kind) && !(kind === "diverged" && told.has(network)))
      .sort((a, b) => a.step - b.step)
      .map((event, i) => ({
        number: i + 1,
        step: event.step,
        bad: isBad(event),
        view: viewOf(event),
        layer: event.layer,
        event,
      }));
    known.set(events, found);
  }
  return found;
}

/** The newest up to a step; undefined before there is one. @param {Happening[]} all @param {number} step */
export const newestUpTo = (all, step) => all.findLast((one) => one.step <= step);

const ACCURACY = "narration.accuracy";

/**
 * The one that is the news at a step: mostly the newest. That a network does not learn is so until it begins to, and
 * what accuracies others reach meanwhile is not said in its place.
 * @param {Happening[]} all @param {number} step
 */
function newsAt(all, step) {
  const newest = newestUpTo(all, step);
  if (newest?.event.code !== ACCURACY) return newest;
  const last = all.slice(0, newest.number).findLast(({ event }) => event.code !== ACCURACY);
  const since = last ? all.slice(last.number, newest.number) : [];
  const still = last?.event.code?.startsWith("narration.still");
  return still && since.every(({ event }) => event.network !== last?.event.network) ? last : newest;
}

/**
 * Up to which step things have happened where this is shown; at a run's last frame its end too, which comes after it.
 * @param {import("../types").Scene} scene
 */
const until = ({ selection: { step }, history, run }) =>
  step === null || (run.ended !== null && step >= history.lastStep) ? Infinity : step;

/**
 * The one whose sentence stands above the charts: that which was gone to, else the news at the step that is shown.
 * @param {Happening[]} all
 * @param {import("../types").Scene} scene
 */
export function shownAt(all, scene) {
  const { step, told } = scene.selection;
  const goneTo = told === null ? undefined : all[told - 1];
  return goneTo && goneTo.step === step ? goneTo : newsAt(all, until(scene));
}

/** How many have happened. @param {Happening[]} all @param {import("../types").Scene} scene */
export const happenedUpTo = (all, scene) => newestUpTo(all, until(scene))?.number ?? 0;

/**
 * What is chosen where one is gone to: its number too, where its step alone would name another.
 * @param {Happening[]} all
 * @param {Happening} one
 * @returns {{step: number, told: number | null}}
 */
export const goingTo = (all, { number, step }) => ({
  step,
  told:
    all.some((other) => other.step === step && other.number !== number) || newsAt(all, step)?.number !== number
      ? number
      : null,
});

/**
 * The one after another that is shown, or before it; of the same step there may be several. Where there is none, the
 * last or the first.
 * @param {Happening[]} all @param {number} number of the one that is shown; 0 for none @param {number} by 1 or -1
 */
export const besideOf = (all, number, by) => all[Math.min(all.length, Math.max(1, number + by)) - 1];

/** An event in words. @param {RunEvent} event @param {Translate} t */
export const eventText = (event, t) =>
  worded(noticeOf(event), t) ||
  t(`event.${event.kind}`, { network: named(event.network, t), layer: named(event.layer, t) });

/** No line ends between a number and its unit. @param {string} text */
const unbroken = (text) => text.replaceAll(/ (?=[%σ])/g, "\u00a0");

/** With its step; that of a run's end is none of its steps. @param {RunEvent} event @param {Translate} t */
export const sentenceOf = (event, t) =>
  unbroken(
    event.code === "narration.end"
      ? eventText(event, t)
      : t("event.text", { step: event.step.toLocaleString(t("locale")), text: eventText(event, t) }),
  );

/** A word or two for a flag. @param {RunEvent} event @param {Translate} t */
export const flagText = (event, t) =>
  event.kind === "narration" ? t((event.code ?? "").replace("narration.", "flag.")) : eventText(event, t);
