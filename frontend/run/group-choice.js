/** Which runs the list shows: all, or those of one class. */

import { h } from "../app/dom.js";

/** @typedef {import("../types").Run} Run */

/**
 * The groups that runs belong to, each once, and the chosen one: its runs may all be older than those that are loaded.
 * @param {Run[]} runs @param {string} [chosen]
 */
export const groupsOf = (runs, chosen = "") =>
  [...new Set([...runs.flatMap((run) => run.group || []), ...(chosen ? [chosen] : [])])].sort();

export class GroupChoice {
  /** @param {() => void} changed */
  constructor(changed) {
    this.drawn = "";
    this.select = h("select", { on: { change: changed } });
    this.name = h("span");
    this.element = h("label", { class: "group-choice" }, this.name, this.select);
  }

  /**
   * Offer the groups that there are; nothing where there is none.
   * @param {Run[]} runs
   * @param {import("../types").Translate} t
   */
  draw(runs, t) {
    const chosen = this.select.value;
    const groups = groupsOf(runs, chosen);
    const key = JSON.stringify([t("locale"), groups]);
    if (key === this.drawn) return;
    this.drawn = key;
    this.name.textContent = t("runs.group");
    const options = [
      h("option", { value: "" }, t("runs.all")),
      ...groups.map((value) => h("option", { value }, value)),
    ];
    this.select.replaceChildren(...options);
    this.select.value = chosen;
    this.element.hidden = groups.length === 0;
  }

  /** The chosen group; "" for all runs. */
  get chosen() {
    return this.select.value;
  }

  /** Those of the chosen group. @param {Run[]} runs */
  among(runs) {
    return this.chosen ? runs.filter((run) => run.group === this.chosen) : runs;
  }
}
