/** Finding runs in the list, and its order. */

import { h } from "../app/dom.js";
import { runName } from "../app/server-messages.js";
import { calledState } from "../app/state.js";
import { describe } from "./describe.js";

/** @typedef {import("../types").Run} Run */
/** @typedef {import("../types").LossCurves} LossCurves */
/** @typedef {import("../types").Translate} Translate */

/** The last recorded loss of each network; NaN where it was not finite. @param {LossCurves | undefined} curves */
export const lastLosses = (curves) =>
  (curves?.networks ?? []).flatMap(({ network, loss }) =>
    loss.length ? [{ network, loss: loss[loss.length - 1] ?? NaN }] : [],
  );

/** Whether a run has each of the words. @param {Run} run @param {string} words @param {Translate} t */
export function hasWords(run, words, t) {
  const said = [runName(run, t), run.id, run.group ?? "", describe(run, t), t(`state.${calledState(run)}`)];
  const text = said.join(" ").toLocaleLowerCase(t("locale"));
  return words
    .toLocaleLowerCase(t("locale"))
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/**
 * The runs whose best network ended with the lowest loss first; those without one last, the newest of them first.
 * @param {Run[]} runs @param {Map<string, LossCurves>} curves
 */
export function byLastLoss(runs, curves) {
  const lowest = (/** @type {Run} */ run) => {
    const losses = lastLosses(curves.get(run.id)).map(({ loss }) => loss);
    return Math.min(Infinity, ...losses.filter(Number.isFinite));
  };
  const keyed = runs.map((run) => ({ run, loss: lowest(run) }));
  return keyed.sort((a, b) => (a.loss === b.loss ? 0 : a.loss - b.loss)).map(({ run }) => run);
}

export class RunFilter {
  /** @param {() => void} changed */
  constructor(changed) {
    this.field = h("input", { type: "search", on: { input: changed } });
    this.order = h("select", { on: { change: changed } });
    this.names = [h("span"), h("span")];
    this.element = h(
      "div",
      { class: "run-filter" },
      h("label", {}, this.names[0], this.field),
      h("label", {}, this.names[1], this.order),
    );
    this.drawn = "";
  }

  /** What is looked for; empty for nothing. */
  get words() {
    return this.field.value.trim();
  }

  /** @param {Translate} t */
  draw(t) {
    if (t("locale") === this.drawn) return;
    this.drawn = t("locale");
    const chosen = this.order.value;
    this.names[0].textContent = t("runs.filter");
    this.names[1].textContent = t("runs.order");
    this.field.placeholder = t("runs.filter.hint");
    this.order.replaceChildren(...["newest", "lowest"].map((value) => h("option", { value }, t(`runs.${value}`))));
    if (chosen) this.order.value = chosen;
  }

  /** @param {Run[]} runs @param {Map<string, LossCurves>} curves @param {Translate} t */
  among(runs, curves, t) {
    const found = runs.filter((run) => hasWords(run, this.words, t));
    return this.order.value === "lowest" ? byLastLoss(found, curves) : found;
  }
}
