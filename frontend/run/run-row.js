/** A run in the list of runs: what it is, how it is, its losses, and what can be done with it. */

import { h, setText } from "../app/dom.js";
import { runName, worded } from "../app/server-messages.js";
import { isLive } from "../app/state.js";
import { describe } from "./describe.js";
import { drawSparkline } from "./sparkline.js";

/** @typedef {import("../types").Run} Run */
/** @typedef {import("../types").LossCurves} LossCurves */
/** @typedef {import("../app/state.js").State} State */

/**
 * What can be done with a run of the list.
 * @typedef {object} RunActs
 * @property {(run: Run) => void} open
 * @property {(run: Run) => void} rename
 * @property {(run: Run) => void} remove
 * @property {(run: Run) => void} compare with the open one
 * @property {(run: Run) => void} again a new run with its settings
 * @property {(run: Run) => void} download its recording
 */

/** Day and time at which a run was begun. @param {Run} run @param {import("../types").Translate} t */
const when = (run, t) =>
  new Date(1000 * run.created).toLocaleString(t("locale"), { dateStyle: "short", timeStyle: "short" });

/**
 * What must be made anew when it changes; the rest is kept up to date in place.
 * @param {Run} run
 * @param {State} state
 */
const keyOf = (run, { t, theme, open }) =>
  JSON.stringify([t("locale"), theme.name, run.name, open === run.id, open !== null]);

export class RunRow {
  /** @param {RunActs} acts */
  constructor(acts) {
    this.acts = acts;
    this.key = "";
    this.element = h("li");
    this.remover = h("button");
    this.state = h("span", { class: "pill" });
    this.about = h("span", { class: "about" });
    this.spark = h("span", { class: "spark-place" });
    /** @type {LossCurves | undefined} */
    this.drawn = undefined;
  }

  /** @param {Run} run @param {State} state @param {LossCurves | undefined} curves */
  draw(run, state, curves) {
    const key = keyOf(run, state);
    if (key !== this.key) this.#build(run, state);
    this.key = key;
    const { t, theme } = state;
    this.state.dataset.state = run.state;
    setText(this.state, t(`state.${run.state}`));
    this.remover.disabled = isLive(run);
    this.remover.title = isLive(run) ? t("delete.live") : "";
    const step = t("progress.at", { step: run.step.toLocaleString(t("locale")) });
    setText(this.about, [describe(run, t), when(run, t), step, worded(run.reason, t)].filter(Boolean).join(" · "));
    if (curves && curves !== this.drawn) this.spark.replaceChildren(drawSparkline(curves, t, theme.name));
    this.drawn = curves;
  }

  /** @param {Run} run @param {State} state */
  #build(run, state) {
    const focused = this.element.contains(document.activeElement) ? document.activeElement?.textContent : null;
    const name = runName(run, state.t);
    const open = h("button", { type: "button", class: "name", on: { click: () => this.acts.open(run) } }, name);
    if (state.open === run.id) this.element.setAttribute("aria-current", "true");
    else this.element.removeAttribute("aria-current");
    this.drawn = undefined;
    this.element.replaceChildren(open, this.spark, this.state, this.#actions(run, state, name), this.about);
    if (focused) [...this.element.querySelectorAll("button")].find((one) => one.textContent === focused)?.focus();
  }

  /** @param {Run} run @param {State} state @param {string} name */
  #actions(run, { t, open }, name) {
    const act = (/** @type {string} */ key, /** @type {(run: Run) => void} */ click) =>
      h("button", { type: "button", "aria-label": `${t(key)}: ${name}`, on: { click: () => click(run) } }, t(key));
    this.remover = Object.assign(act("delete", this.acts.remove), { className: "danger" });
    return h(
      "div",
      { class: "actions" },
      act("rename", this.acts.rename),
      open !== null && open !== run.id ? act("compare.with", this.acts.compare) : null,
      run.config ? act("again", this.acts.again) : null,
      act("recording", this.acts.download),
      this.remover,
    );
  }
}
