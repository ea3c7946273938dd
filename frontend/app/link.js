/** What is open and chosen as a link: which run (or which settings), charts, layer, step and comparison. */

/** @typedef {import("../types").Selection} Selection */

/**
 * @typedef {{run: string | null, selection: Partial<Selection>, embed: boolean, language: string | null,
 *   theme: "light" | "dark" | null, present: string | null,
 *   pair: string | null, config: Record<string, any> | null, experiment: string | null, trial: string | null}} Linked
 */

/** @param {string | null} text */
const wholeNumber = (text) => (text !== null && /^\d+$/.test(text) ? Number(text) : null);

/** @param {string | null} text */
function configOf(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return text; // the form says that nothing of it can be used
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
  /** @type {Partial<Selection>} */
  const selection = {};
  if (query.has("layer")) selection.layer = query.get("layer");
  if (wholeNumber(query.get("step")) !== null) selection.step = wholeNumber(query.get("step"));
  const told = wholeNumber(query.get("told"));
  if (told !== null) selection.told = told;
  const compare = wholeNumber(query.get("compare"));
  if (compare !== null) selection.compare = compare;
  const unit = wholeNumber(query.get("unit"));
  if (unit !== null) selection.unit = unit;
  if (query.get("charts")) selection.charts = (query.get("charts") ?? "").split(/[\s,]+/).filter(Boolean);
  const choices = choicesOf(query, names);
  if (Object.keys(choices).length) selection.choices = choices;
  const theme = query.get("theme");
  return {
    run: query.get("run"),
    selection,
    embed: query.has("embed"),
    present: query.get("present"),
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
 * @param {Selection} selection
 * @param {Partial<Linked>} kept parts of the link that the page only passes on
 */
export function writeLink(run, selection, kept = {}) {
  const query = new URLSearchParams();
  if (kept.experiment) query.set("experiment", kept.experiment);
  if (kept.trial) query.set("trial", kept.trial);
  if (run) query.set("run", run);
  if (selection.layer !== null) query.set("layer", selection.layer);
  if (selection.step !== null) query.set("step", String(selection.step));
  if (selection.told !== null) query.set("told", String(selection.told));
  if (selection.compare !== 0) query.set("compare", String(selection.compare));
  if (selection.unit !== null) query.set("unit", String(selection.unit));
  for (const [name, value] of Object.entries(selection.choices)) query.set(name, value);
  if (selection.charts !== null) query.set("charts", selection.charts.join(","));
  if (typeof kept.present === "string") query.set("present", kept.present);
  if (kept.pair) query.set("pair", kept.pair);
  if (kept.embed) query.set("embed", "");
  if (kept.language) query.set("lang", kept.language);
  if (kept.theme) query.set("theme", kept.theme);
  if (kept.config) query.set("config", JSON.stringify(kept.config));
  const text = query
    .toString()
    .replace(/(^|&)(embed|present)=(?=&|$)/g, "$1$2")
    .replaceAll("%2C", ",");
  return text ? `?${text}` : "";
}
