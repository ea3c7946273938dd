/** A run in the list of runs: what it is, how it is, its losses, and what can be done with it. */

import { h, setText } from "../app/dom.js";
import { named } from "../app/i18n.js";
import { brief } from "../app/numbers.js";
import { noticeOf, runName, worded } from "../app/server-messages.js";
import { calledState, isLive } from "../app/state.js";
import { describe } from "./describe.js";
import { isOwn } from "./own.js";
import { lastLosses } from "./run-filter.js";
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
 * @property {(run: Run, chosen: boolean) => void} choose it for comparison, or let it go
 * @property {(run: Run) => void} again a new run with its settings
 * @property {(run: Run) => void} download its recording
 */

/** Day and time at which a run was begun. @param {Run} run @param {import("../types").Translate} t */
const when = (run, t) =>
  new Date(1000 * run.created).toLocaleString(t("locale"), { dateStyle: "short", timeStyle: "short" });

/** What a class's run is called together with others, whose it is, and when its turn comes.
 * @param {Run} run @param {import("../types").Translate} t
 */
const whose = (run, t) => [
  run.group ?? "",
  isOwn(run) && run.group ? t("run.own") : "",
  run.place ? t("run.place", { place: run.place }) : "",
  run.node ? t("run.node", { node: run.node }) : "",
  (run.state === "queued" || run.waiting) && run.preparing ? worded(noticeOf(run.preparing), t) : "",
  run.waiting ? worded(run.absence, t) : "",
];

/**
 * How low the loss of each network has come.
 * @param {LossCurves | undefined} curves @param {import("../types").Translate} t
 */
function lossesOf(curves, t) {
  const losses = lastLosses(curves).map(({ network, loss }) => `${named(network, t)} ${brief(loss)}`);
  return losses.length ? t("runs.last_loss", { losses: losses.join(", ") }) : "";
}

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
    this.chooser = h("input", { type: "checkbox" });
    this.state = h("span", { class: "pill" });
    this.about = h("span", { class: "about" });
    this.spark = h("span", { class: "spark-place" });
    /** @type {LossCurves | undefined} */
    this.drawn = undefined;
  }

  /** @param {Run} run @param {State} state @param {LossCurves | undefined} curves @param {boolean} chosen */
  draw(run, state, curves, chosen) {
    const key = keyOf(run, state);
    if (key !== this.key) this.#build(run, state);
    this.key = key;
    const { t, theme } = state;
    this.state.dataset.state = calledState(run);
    setText(this.state, t(`state.${calledState(run)}`));
    this.chooser.checked = chosen;
    this.remover.disabled = isLive(run);
    this.remover.title = isLive(run) ? t("delete.live") : "";
    const step = t("progress.count", { step: run.step.toLocaleString(t("locale")) });
    const copy = run.copy_of ? t("run.copy", { file: run.file }) : "";
    const losses = lossesOf(curves ?? this.drawn, t);
    const said = [...whose(run, t), describe(run, t), when(run, t), step, losses, worded(run.reason, t), copy];
    if (run.damage && run.damage.text !== run.reason?.text) said.push(worded(run.damage, t));
    setText(this.about, said.filter(Boolean).join(" · "));
    if (curves && curves !== this.drawn) this.spark.replaceChildren(drawSparkline(curves, t, theme.name));
    this.drawn = curves;
  }

  /** @param {Run} run @param {State} state */
  #build(run, state) {
    const focused = this.element.contains(document.activeElement) ? document.activeElement?.textContent : null;
    const name = runName(run, state.t);
    const open = h("button", { type: "button", class: "name", on: { click: () => this.acts.open(run) } }, name);
    this.element.toggleAttribute("data-own", isOwn(run));
    if (state.open === run.id) this.element.setAttribute("aria-current", "true");
    else this.element.removeAttribute("aria-current");
    this.drawn = undefined;
    this.chooser = h("input", {
      type: "checkbox",
      class: "choose",
      title: state.t("compare.choose"),
      "aria-label": `${state.t("compare.choose")}: ${name}`,
      on: { change: () => this.acts.choose(run, this.chooser.checked) },
    });
    this.element.replaceChildren(
      h("span", { class: "called" }, this.chooser, open),
      this.spark,
      this.state,
      this.#actions(run, state, name),
      this.about,
    );
    if (focused) [...this.element.querySelectorAll("button")].find((one) => one.textContent === focused)?.focus();
  }

  /** @param {Run} run @param {State} state @param {string} name */
  #actions(run, { t, open }, name) {
    const act = (/** @type {string} */ key, /** @type {(run: Run) => void} */ click, needs = "view") => {
      const more = { "aria-label": `${t(key)}: ${name}`, "data-needs": needs };
      return h("button", { type: "button", ...more, on: { click: () => click(run) } }, t(key));
    };
    this.remover = Object.assign(act("delete", this.acts.remove, "change"), { className: "danger" });
    return h(
      "div",
      { class: "actions" },
      act("rename", this.acts.rename, "change"),
      open !== null && open !== run.id ? act("compare.with", this.acts.compare) : null,
      run.config ? act("again", this.acts.again, "start") : null,
      act("recording", this.acts.download),
      this.remover,
    );
  }
}
