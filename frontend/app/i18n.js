/** Languages: each is a file in locales/ with the same keys; English stands in for what one lacks. */

import english from "../locales/en.js";
import { LANGUAGES } from "../locales/index.js";

/** @typedef {import("../types").Translate} Translate */

/**
 * The language to begin with: the one asked for, else the first that the browser's person reads.
 * @param {string | null} asked
 * @param {readonly string[]} preferred
 */
export function chooseLanguage(asked, preferred) {
  if (asked && asked in LANGUAGES) return asked;
  return preferred.map((tag) => tag.split("-")[0]).find((tag) => tag in LANGUAGES) ?? "en";
}

/**
 * @param {string} language
 * @param {Record<string, string>} texts
 * @returns {Translate}
 */
export function translator(language, texts) {
  return (key, values = {}) => {
    if (key === "locale") return language;
    const text = texts[key] ?? english[/** @type {keyof typeof english} */ (key)] ?? lastPart(key);
    return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
  };
}

/** A key without a text shows as words: a quantity of somebody's own probe, say. @param {string} key */
const lastPart = (key) => key.slice(key.indexOf(".") + 1).replaceAll("_", " ");

/** @param {string} language @returns {Promise<Translate>} */
export async function loadLanguage(language) {
  const texts = language === "en" ? english : (await LANGUAGES[language].load()).default;
  return translator(language, texts);
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
 * A text that the server has in one language or in several.
 * @param {import("../types").Words} text
 * @param {import("../types").Translate} t
 */
export const localized = (text, t) => (typeof text === "string" ? text : (text[t("locale")] ?? text.en ?? ""));
