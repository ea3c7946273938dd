/**
 * Texts that the program says in English (why a run ended, what it waits for, names of networks and runs) in the
 * page's language. The English locale holds each as it is said, with blanks; what is not known is shown as it is.
 */

import english from "../locales/en.js";

import { localized, named } from "./i18n.js";

/** @typedef {import("../types").Translate} Translate */

/** @type {{key: string, pattern: RegExp}[]} */
const KNOWN = Object.entries(english)
  .filter(([key]) => key.startsWith("said."))
  .map(([key, text]) => ({ key, pattern: patternOf(text) }));

/** @param {string} text */
function patternOf(text) {
  const parts = text
    .split(/\{(\w+)\}/)
    .map((part, i) => (i % 2 ? `(?<${part}>.+?)` : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")));
  return new RegExp(`^${parts.join("")}$`, "s");
}

/**
 * A text of the program, worded; what stands in its blanks is worded too.
 * @param {string} text
 * @param {Translate} t
 * @returns {string}
 */
export function said(text, t) {
  if (t("locale") === "en") return text;
  for (const { key, pattern } of KNOWN) {
    const groups = pattern.exec(text)?.groups;
    if (groups || pattern.test(text)) {
      const values = Object.entries(groups ?? {}).map(([name, value]) => [
        name,
        name === "state" ? t(`state.${value}`) : said(value, t),
      ]);
      return t(key, Object.fromEntries(values));
    }
  }
  return named(text, t);
}

/**
 * A run's name: one that the program made up is worded, one that a person gave stays.
 * @param {{name: string, config?: Record<string, any> | null}} run
 * @param {import("../types").Experiment[]} experiments
 * @param {Translate} t
 */
export function runName({ name, config }, experiments, t) {
  if (t("locale") === "en") return name;
  const networks = (config?.variants ?? []).map((/** @type {{name: string}} */ one) => one.name);
  if (name === `${config?.dataset?.kind}: ${networks.join(", ")}`) {
    const worded = networks.map((/** @type {string} */ one) => named(one, t)).join(", ");
    return `${t(`option.${config?.dataset.kind}`)}: ${worded}`;
  }
  for (const { title } of experiments) {
    if (!name.startsWith(title)) continue;
    const rest = /^(?:: (.+?)(?:, seed (\d+))?)?$/.exec(name.slice(title.length));
    if (!rest) continue;
    return [
      localized(title, t),
      rest[1] && `: ${named(rest[1], t)}`,
      rest[2] && `, ${t("describe.seed", { seed: rest[2] })}`,
    ]
      .filter(Boolean)
      .join("");
  }
  return name;
}
