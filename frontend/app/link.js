/** What is open and chosen as a link: which run (or which settings), charts, layer, step and comparison. */

/** @typedef {import("../types").Look} Look */

/**
 * @typedef {{run: string | null, look: Partial<Look>, embed: boolean, language: string | null,
 *   theme: "light" | "dark" | null,
 *   pair: string | null, config: Record<string, any> | null, experiment: string | null, trial: string | null}} Linked
 */

/** @param {string | null} text */
const wholeNumber = (text) => (text !== null && /^\d+$/.test(text) ? Number(text) : null);

/** @param {string | null} text */
function configOf(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

/**
 * What was chosen in single charts.
 * @param {URLSearchParams} query
 * @param {string[]} names
 */
const choicesOf = (query, names) =>
  Object.fromEntries(names.flatMap((name) => (query.has(name) ? [[name, query.get(name) ?? ""]] : [])));

/**
 * @param {string} search
 * @param {string[]} [names] of the charts' own choices
 * @returns {Linked}
 */
export function readLink(search, names = []) {
  const query = new URLSearchParams(search);
  /** @type {Partial<Look>} */
  const look = {};
  if (query.has("layer")) look.layer = query.get("layer");
  if (wholeNumber(query.get("step")) !== null) look.step = wholeNumber(query.get("step"));
  const compare = wholeNumber(query.get("compare"));
  if (compare !== null) look.compare = compare;
  const unit = wholeNumber(query.get("unit"));
  if (unit !== null) look.unit = unit;
  if (query.get("charts")) look.charts = (query.get("charts") ?? "").split(/[\s,]+/).filter(Boolean);
  const choices = choicesOf(query, names);
  if (Object.keys(choices).length) look.choices = choices;
  const theme = query.get("theme");
  return {
    run: query.get("run"),
    look,
    embed: query.has("embed"),
    language: query.get("lang"),
    theme: theme === "light" || theme === "dark" ? theme : null,
    pair: query.get("pair"),
    config: configOf(query.get("config")),
    experiment: query.get("experiment"),
    trial: query.get("trial"),
  };
}

/**
 * @param {string | null} run
 * @param {Look} look
 * @param {Partial<Linked>} kept parts of the link that the page only passes on
 */
export function writeLink(run, look, kept = {}) {
  const query = new URLSearchParams();
  if (kept.experiment) query.set("experiment", kept.experiment);
  if (kept.trial) query.set("trial", kept.trial);
  if (run) query.set("run", run);
  if (look.layer !== null) query.set("layer", look.layer);
  if (look.step !== null) query.set("step", String(look.step));
  if (look.compare !== 0) query.set("compare", String(look.compare));
  if (look.unit !== null) query.set("unit", String(look.unit));
  for (const [name, value] of Object.entries(look.choices)) query.set(name, value);
  if (look.charts !== null) query.set("charts", look.charts.join(","));
  if (kept.pair) query.set("pair", kept.pair);
  if (kept.embed) query.set("embed", "");
  if (kept.language) query.set("lang", kept.language);
  if (kept.theme) query.set("theme", kept.theme);
  if (kept.config) query.set("config", JSON.stringify(kept.config));
  const text = query
    .toString()
    .replace(/(^|&)embed=/, "$1embed")
    .replaceAll("%2C", ",");
  return text ? `?${text}` : "";
}
