/** What Plotly itself says on a chart, in the page's language: part of its configuration. */

import english from "../locales/en.js";

/** @typedef {import("../types").Translate} Translate */

/** Texts of Plotly's own; it looks them up by their English. @type {(keyof typeof english)[]} */
const SAID = ["chart.zoom_out", "chart.isolate"];

/** @type {WeakMap<Translate, {locale: string, locales: Record<string, any>}>} */
const made = new WeakMap();

/** The same object for the same language: Plotly draws anew where its configuration changes. @param {Translate} t */
export function plotlyLanguage(t) {
  const known = made.get(t);
  if (known) return known;
  const locale = t("locale");
  const dictionary = Object.fromEntries(SAID.map((key) => [english[key], t(key)]));
  const language = { locale, locales: { [locale]: { dictionary, format: {} } } };
  made.set(t, language);
  return language;
}
