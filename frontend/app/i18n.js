/**
 * Languages. The page's texts are known by keys, with their English in locales/en.js; the program's are known by their
 * English, its notices by their codes. All other languages are catalogues of these, in
 * backend/shiftscope/translations/; the server says which there are. English stands in for what one lacks.
 */

import english from "../locales/en.js";

/** @typedef {import("../types").Translate} Translate */
/** @typedef {import("../types").Words} Words */
/** @typedef {import("../types").Catalogue} Catalogue */

const ENGLISH = { texts: english, messages: {}, notices: {} };

/**
 * The language to begin with: the one asked for, else the first that the browser's person reads.
 * @param {string | null} asked
 * @param {readonly string[]} preferred
 * @param {readonly string[]} known
 */
export function chooseLanguage(asked, preferred, known) {
  if (asked && known.includes(asked)) return asked;
  const near = preferred.flatMap((tag) => [tag, tag.split("-")[0]]);
  return near.find((tag) => known.includes(tag)) ?? "en";
}

/**
 * @param {string} language
 * @param {Pick<Catalogue, "texts" | "messages" | "notices">} [catalogue]
 * @returns {Translate}
 */
export function translator(language, { texts, messages, notices } = ENGLISH) {
  /** @type {(key: string, values?: Record<string, string | number>) => string} */
  const word = (key, values = {}) =>
    key === "locale"
      ? language
      : filled(texts[key] ?? english[/** @type {keyof typeof english} */ (key)] ?? lastPart(key), values);
  return Object.assign(word, {
    message: (/** @type {string} */ english_) => messages[english_] ?? english_,
    notice: (/** @type {string} */ code) => notices[code] ?? texts[code],
  });
}

/** Fill a text's {blanks}. @param {string} text @param {Record<string, string | number>} values */
export const filled = (text, values) =>
  text.replace(/\{(\w+)\}/g, (blank, name) => (name in values ? String(values[name]) : blank));

const NUMBER = /(?<![\w.])\d+(?:\.\d+)?(?:e[+-]?\d+)?(?!\w)/g;

/**
 * The name of a layer, network or planned run in the page's language; its words are the message, its numbers the
 * values {0}, {1} (backend/shiftscope/experiments/text.py has the twin). A name of somebody's own stays as it is.
 * @param {string} name
 * @param {Translate} t
 */
export function named(name, t) {
  /** @type {string[]} */
  const numbers = [];
  const message = name.replace(NUMBER, (number) => `{${numbers.push(number) - 1}}`);
  const worded = t.message(message);
  return worded === message ? name : filled(worded, Object.fromEntries(numbers.entries()));
}

/** A key without a text shows as words: a quantity of somebody's own probe, say. @param {string} key */
const lastPart = (key) => key.slice(key.indexOf(".") + 1).replaceAll("_", " ");

/** @param {string} language @returns {Promise<Translate>} */
export async function loadLanguage(language) {
  if (language === "en") return translator(language);
  try {
    const answer = await fetch(new URL(`../translations/${language}.json`, import.meta.url));
    if (answer.ok) return translator(language, await answer.json());
  } catch {
    // Without its catalogue the page is in English rather than not there.
  }
  return translator("en");
}

/**
 * Fill the texts of index.html: data-t, data-t-label (aria-label), data-t-title.
 * @param {ParentNode} root
 * @param {Translate} t
 */
export function fillTexts(root, t) {
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (
    root.querySelectorAll("[data-t], [data-t-label], [data-t-title]")
  )) {
    const { t: text, tLabel, tTitle } = element.dataset;
    if (text) element.textContent = t(text);
    if (tLabel) element.setAttribute("aria-label", t(tLabel));
    if (tTitle) element.title = t(tTitle);
  }
}

/**
 * A text of the program in the page's language: English as it is, or a message with what its blanks stand for.
 * @param {Words} text
 * @param {Translate} t
 * @returns {string}
 */
export function localized(text, t) {
  if (typeof text === "string") return t.message(text);
  const values = Object.entries(text.values).map(([name, value]) => [
    name,
    typeof value === "string" ? value : localized(value, t),
  ]);
  return filled(t.message(text.message), Object.fromEntries(values));
}
