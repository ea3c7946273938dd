/**
 * What the program says of runs and requests (why a run ended, what it waits for, what it refuses) in the page's
 * language. A notice is known by its code; what has none, or is not in the catalogue, is shown as its own text.
 */

import { filled, named } from "./i18n.js";

/** @typedef {import("../types").Translate} Translate */
/** @typedef {import("../types").Notice} Notice */

/** Below this a number is given with its power of ten. */
const SMALL = 1e-4;
/** And from this on. */
const LARGE = 1e9;
const RAISED = /** @type {Record<string, string>} */ (
  Object.fromEntries([..."-0123456789"].map((one, i) => [one, "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"[i]]))
);

/**
 * A notice in words; nothing for none.
 * @param {Notice | null | undefined} notice
 * @param {Translate} t
 * @returns {string}
 */
export function worded(notice, t) {
  if (!notice) return "";
  const text = notice.code ? t.notice(notice.code) : undefined;
  if (text === undefined) return notice.text;
  const values = Object.entries(notice.values).map(([name, value]) => [name, wordedValue(value, t)]);
  return filled(text, Object.fromEntries(values));
}

/**
 * @param {import("../types").NoticeValue} value
 * @param {Translate} t
 * @returns {string}
 */
function wordedValue(value, t) {
  if (Array.isArray(value)) return value.map((one) => wordedValue(one, t)).join(", ");
  if (typeof value === "string") return named(value, t);
  return typeof value === "number" ? numberText(value, t) : worded(value, t);
}

/** A number as it was given, however small or large. @param {number} value @param {Translate} t */
function numberText(value, t) {
  const size = Math.abs(value);
  if (value === 0 || (size >= SMALL && size < LARGE))
    return value.toLocaleString(t("locale"), { maximumFractionDigits: 6 });
  const [digits, exponent] = value.toExponential().split("e");
  return `${digits} · 10${[...exponent.replace("+", "")].map((one) => RAISED[one] ?? one).join("")}`;
}

/** A notice whose text is called a message. @param {import("../types").Said} said @returns {Notice} */
export const noticeOf = ({ message, code = "", values = {} }) => ({ code, values, text: message });

/** A text of the page's own as a notice. @param {string} text @returns {Notice} */
export const plain = (text) => ({ code: "", values: {}, text });

/**
 * A run's name, in words where the program made it up.
 * @param {Pick<import("../types").Run, "name" | "title">} run
 * @param {Translate} t
 */
export const runName = (run, t) => (run.title ? worded(run.title, t) : run.name);
