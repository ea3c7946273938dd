/** The runs of a class in a table: whose each is, what it was set to that others were not, and how far it came. */

import { api } from "../api.js";
import { h } from "../app/dom.js";
import { named } from "../app/i18n.js";
import { brief } from "../app/numbers.js";
import { runName } from "../app/server-messages.js";
import { calledState } from "../app/state.js";
import { isOwn } from "./own.js";

/** @typedef {import("../types").Run} Run */
/** @typedef {import("../types").LossCurves} LossCurves */
/** @typedef {import("../types").Translate} Translate */

/** Settings that say nothing of what is learned. */
const ASIDE = new Set(["pace", "recording", "probes"]);

/**
 * The settings of a run by their paths: "optimizer.learning_rate".
 * @param {any} value @param {string} path @returns {[string, any][]}
 */
function settingsOf(value, path = "") {
  if (value === null || typeof value !== "object") return [[path, value]];
  return Object.entries(value)
    .filter(([name]) => path !== "" || !ASIDE.has(name))
    .flatMap(([name, inner]) => settingsOf(inner, path ? `${path}.${name}` : name));
}

/**
 * The settings in which the runs are not all alike, each run's own values of them.
 * @param {Run[]} runs
 * @returns {{path: string, value: any}[][]}
 */
export function differences(runs) {
  const all = runs.map((run) => new Map(run.config ? settingsOf(run.config) : []));
  const configured = all.filter((settings) => settings.size);
  const paths = [...new Set(configured.flatMap((settings) => [...settings.keys()]))];
  const apart = paths.filter((path) => new Set(configured.map((settings) => settings.get(path))).size > 1);
  return all.map((settings) =>
    apart.filter((path) => settings.has(path)).map((path) => ({ path, value: settings.get(path) })),
  );
}

/** @param {any} value @param {Translate} t */
function inWords(value, t) {
  if (typeof value === "number") return Number.isInteger(value) ? value.toLocaleString(t("locale")) : brief(value);
  return t(`option.${value}`);
}

/** A setting in words, as the form has it. @param {{path: string, value: any}} setting @param {Translate} t */
function worded({ path, value }, t) {
  const name = path.split(".").filter((part) => !/^\d+$/.test(part));
  const last = name[name.length - 1];
  if (last === "kind") return t(`option.${value}`);
  return `${t(`field.${last}`)} ${last === "name" ? named(value, t) : inWords(value, t)}`;
}

/** @param {number | null | undefined} value */
const shownLoss = (value) => (value === null || value === undefined ? "–" : brief(value));

/** @param {number | null | undefined} value @param {Translate} t */
const shownAccuracy = (value, t) =>
  value === null || value === undefined ? "–" : t("percent", { value: (100 * value).toFixed(1) });

/**
 * What the table shows of each run, in the order in which browsers began their first.
 * @param {Run[]} runs
 * @param {Map<string, LossCurves>} curves
 * @param {Translate} t
 */
export function resultsOf(runs, curves, t) {
  const oldest = [...runs].sort((a, b) => a.created - b.created);
  const browsers = [...new Set(oldest.map((run) => run.owner ?? ""))];
  const apart = differences(oldest);
  return oldest.map((run, i) => {
    const networks = curves.get(run.id)?.networks ?? [];
    const each = (/** @type {(one: LossCurves["networks"][number]) => string} */ shown) =>
      networks.map((one) => `${named(one.network, t)} ${shown(one)}`);
    return {
      id: run.id,
      who: isOwn(run) ? t("run.own") : t("class.browser", { number: browsers.indexOf(run.owner ?? "") + 1 }),
      name: runName(run, t),
      differs: apart[i].map((setting) => worded(setting, t)).join(" · ") || "–",
      state: calledState(run),
      loss: each((one) => shownLoss(one.loss[one.loss.length - 1])),
      accuracy: each((one) => shownAccuracy(one.test_accuracy, t)),
    };
  });
}

const COLUMNS = ["who", "run", "differs", "state", "loss", "accuracy"];

/**
 * The runs of a class, those that the list shows as they are there: it hears sooner of what becomes of a run.
 * @param {Run[]} whole @param {Run[]} shown
 */
export function asShown(whole, shown) {
  const known = new Map(shown.map((run) => [run.id, run]));
  return whole.map((run) => known.get(run.id) ?? run);
}

/** So many runs of a class at most stand in the table: each of a thousand has a curve to be asked for. */
const MOST = 1000;

export class ClassResults {
  /** @param {(run: Run) => void} open */
  constructor(open) {
    this.openRun = open;
    /** @type {{group: string, runs: Run[]}} all runs of a class, also those that the list does not show yet */
    this.whole = { group: "", runs: [] };
    this.drawn = "";
    this.element = h("div", { class: "class-results", tabIndex: 0, role: "region" });
  }

  /** All runs of a class. @param {string} group @returns {Promise<Run[]>} */
  async ask(group) {
    return (await api.runs(MOST, group)).runs;
  }

  /** Take what came of that. @param {string} group @param {Run[]} runs */
  keep(group, runs) {
    this.whole = { group, runs };
  }

  /** Let go of a run that was removed. @param {string} id */
  drop(id) {
    this.whole.runs = this.whole.runs.filter((run) => run.id !== id);
  }

  /** Those of them that are known. @param {string} group @param {Run[]} shown */
  known(group, shown) {
    return group && this.whole.group === group ? asShown(this.whole.runs, shown) : shown;
  }

  /**
   * Show the runs of a class; nothing where none was chosen.
   * @param {string} group
   * @param {Run[]} runs
   * @param {Map<string, LossCurves>} curves
   * @param {Translate} t
   */
  draw(group, runs, curves, t) {
    this.element.hidden = group === "";
    const rows = group === "" ? [] : resultsOf(runs, curves, t);
    const key = JSON.stringify([t("locale"), group, rows]);
    if (key === this.drawn) return;
    this.drawn = key;
    const title = t("class.results", { group });
    this.element.setAttribute("aria-label", title);
    const head = COLUMNS.map((name) => h("th", { scope: "col" }, t(`class.${name}`)));
    const byId = new Map(runs.map((run) => [run.id, run]));
    const body = rows.map((row) => this.#row(row, /** @type {Run} */ (byId.get(row.id)), t));
    const parts = [h("caption", {}, title), h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...body)];
    this.element.replaceChildren(h("table", {}, ...parts));
  }

  /** @param {ReturnType<typeof resultsOf>[number]} row @param {Run} run @param {Translate} t */
  #row(row, run, t) {
    const name = h("button", { type: "button", class: "name", on: { click: () => this.openRun(run) } }, row.name);
    const state = h("span", { class: "pill", "data-state": row.state }, t(`state.${row.state}`));
    const lines = (/** @type {string[]} */ found) => found.map((text) => h("div", {}, text));
    return h(
      "tr",
      {},
      h("td", {}, row.who),
      h("th", { scope: "row" }, name),
      h("td", {}, row.differs),
      h("td", {}, state),
      h("td", {}, ...lines(row.loss)),
      h("td", {}, ...lines(row.accuracy)),
    );
  }
}
