/** The list of runs, each with a small curve of its losses: open, rename, delete, take the recording away. */

import { api } from "../api.js";
import { byId, h, setText } from "../app/dom.js";
import { runName } from "../app/server-messages.js";
import { Throttle } from "../app/throttle.js";
import { AskedRuns } from "./asked-runs.js";
import { ClassResults } from "./class-results.js";
import { ClusterLine } from "./cluster-line.js";
import { dialogHead, onBackdrop } from "./dialog.js";
import { GroupChoice } from "./group-choice.js";
import { RunFilter } from "./run-filter.js";
import { RunRow } from "./run-row.js";

/** @typedef {import("../types").Run} Run */
/** @typedef {import("../types").LossCurves} LossCurves */

/** How long until the list and the curves in it are asked for anew. */
const ASK_EVERY = 3000;
/** Milliseconds between two drawings of the table of a class, which may have a thousand rows: each gets its curve. */
const REDRAW_EVERY = 250;

export class RunList {
  /**
   * @param {import("../app/store.js").Store} store
   * @param {import("./attempt.js").Attempt} attempt
   * @param {{again: (config: Record<string, any>) => void,
   *   compare: (run: string, others: string[]) => void}} acts `again` begins a run with these settings,
   *   `compare` shows a run beside others
   */
  constructor(store, attempt, acts) {
    this.store = store;
    this.attempt = attempt;
    this.compare = acts.compare;
    /** @type {HTMLDialogElement} */
    this.dialog = byId("runs");
    this.list = h("ul", { class: "runs" });
    /** @type {Map<string, RunRow>} */
    this.rows = new Map();
    /** @type {Map<string, LossCurves>} */
    this.curves = new Map();
    this.asked = new AskedRuns();
    this.turn = 0;
    this.more = h("button", { type: "button", class: "more", on: { click: () => this.#showMore() } });
    this.group = new GroupChoice(() => this.#choseGroup());
    this.cluster = new ClusterLine();
    this.results = new ClassResults((run) => this.acts.open(run));
    this.redraws = new Throttle(REDRAW_EVERY);
    this.filter = new RunFilter(() => this.#filtered());
    /** @type {Set<string>} ids of the runs that are chosen for comparison, in the order in which they were */
    this.chosen = new Set();
    this.comparing = h("button", { type: "button", class: "primary", on: { click: () => this.#compareChosen() } });
    this.none = h("p", { class: "none", role: "status" });
    this.frame = "";
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    onBackdrop(this.dialog, () => this.dialog.close());
    this.dialog.addEventListener("close", () => clearTimeout(this.timer));
    /** @type {import("./run-row.js").RunActs} */
    this.acts = {
      open: (run) => this.#leave(() => store.dispatch({ type: "open", run: run.id })),
      rename: (run) => void this.#rename(run),
      remove: (run) => void this.#remove(run),
      compare: (run) => acts.compare(/** @type {string} */ (store.state.open), [run.id]),
      choose: (run, chosen) => this.#choose(run.id, chosen),
      again: (run) => this.#leave(() => acts.again(/** @type {Record<string, any>} */ (run.config))),
      download: (run) => location.assign(api.recording(run.id)),
    };
  }

  /** @param {string} run @param {boolean} chosen */
  #choose(run, chosen) {
    if (chosen) this.chosen.add(run);
    else this.chosen.delete(run);
    this.#drawComparing();
  }

  #compareChosen() {
    const [first, ...others] = this.chosen;
    this.compare(first, others);
  }

  /** One run alone is compared with the open one, by its own button. */
  #drawComparing() {
    this.comparing.hidden = this.chosen.size < 2;
    setText(this.comparing, this.store.state.t("compare.chosen", { count: this.chosen.size }));
  }

  open() {
    this.dialog.showModal();
    this.draw();
    return this.#ask();
  }

  /** Close the list, and go on elsewhere. @param {() => void} act */
  #leave(act) {
    this.dialog.close();
    act();
  }

  /** @param {Run} run */
  async #rename(run) {
    const { t } = this.store.state;
    const shown = runName(run, t);
    const name = globalThis.prompt(t("rename.ask"), shown)?.trim();
    if (!name || name === shown) return;
    const answer = await this.attempt(() => api.change(run.id, { name }));
    if (!answer) return;
    this.store.dispatch({ type: "state", run: answer });
    void this.#ask();
  }

  /** @param {Run} run */
  async #remove(run) {
    const { t } = this.store.state;
    if (!globalThis.confirm(t("delete.ask", { name: runName(run, t) }))) return;
    const removed = await this.attempt(() => api.remove(run.id).then(() => true));
    if (!removed) return;
    this.results.drop(run.id);
    this.asked.drop(run.id);
    this.store.dispatch({ type: "removed", run: run.id });
    void this.#ask(); // in place of an answer that still had the run
  }

  draw() {
    if (!this.dialog.open) return;
    this.#drawFrame();
    const { t, runs: known } = this.store.state;
    const all = known ?? [];
    this.group.draw(all, t);
    this.filter.draw(t);
    const ofGroup = this.group.among(all);
    const found = this.filter.among(ofGroup, this.curves, t);
    const runs = this.asked.searching ? found.slice(0, this.asked.wanted) : found;
    const { looking, more, searching } = this.asked;
    setText(this.none, looking ? t("runs.searching") : ofGroup.length && !runs.length ? t("runs.none") : "");
    this.more.hidden = searching ? runs.length === found.length : !more;
    for (const id of this.chosen) if (!all.some((run) => run.id === id)) this.chosen.delete(id);
    this.#drawComparing();
    this.cluster.draw(t);
    this.#drawResults();
    for (const [id, { element }] of this.rows) {
      if (runs.some((run) => run.id === id)) continue;
      element.remove();
      this.rows.delete(id);
    }
    for (const [i, run] of runs.entries()) {
      const { element } = this.#drawRow(run);
      if (this.list.children[i] !== element) this.list.insertBefore(element, this.list.children[i] ?? null);
    }
  }

  #choseGroup() {
    this.draw();
    return this.#ask();
  }

  #drawResults() {
    if (!this.dialog.open) return;
    const { runs, t } = this.store.state;
    const group = this.group.chosen;
    this.results.draw(group, this.results.known(group, this.group.among(runs ?? [])), this.curves, t);
  }

  /** What stands around the rows. */
  #drawFrame() {
    const { runs, t } = this.store.state;
    const content = runs === null ? "loading" : runs.length ? "list" : "empty";
    setText(this.more, t("runs.more"));
    const frame = `${t("locale")}|${content}`;
    if (frame === this.frame) return;
    this.frame = frame;
    const within = [
      this.cluster.element,
      this.group.element,
      h("div", { class: "runs-head" }, this.filter.element, this.comparing),
      this.results.element,
      this.none,
      this.list,
      this.more,
    ];
    this.dialog.replaceChildren(
      dialogHead(this.dialog, "runs-title", t("runs"), t),
      h("div", { class: "body" }, ...(content === "list" ? within : [h("p", {}, t(`runs.${content}`))])),
    );
  }

  /** The row is made once, so that its buttons keep the focus. @param {Run} run */
  #drawRow(run) {
    const row = this.rows.get(run.id) ?? new RunRow(this.acts);
    this.rows.set(run.id, row);
    row.draw(run, this.store.state, this.curves.get(run.id), this.chosen.has(run.id));
    return row;
  }

  /**
   * Ask for the list and its curves, again and again while it is open: a curve only where frames have come since, one
   * at a time. An answer that a later question has overtaken is let go.
   */
  async #ask() {
    clearTimeout(this.timer);
    this.turn += 1;
    const turn = this.turn;
    const found = await this.asked.ask((act) => this.attempt(act));
    await this.cluster.ask();
    if (turn !== this.turn) return;
    if (found) this.store.dispatch({ type: "runs", runs: found });
    this.draw();
    const group = this.group.chosen;
    const ofClass = group ? await this.attempt(() => this.results.ask(group)) : null;
    if (turn !== this.turn) return;
    if (ofClass) this.results.keep(group, ofClass);
    this.#drawResults();
    const shown = (found ?? []).filter(({ id }) => this.rows.has(id));
    for (const run of [...(ofClass ?? []), ...shown]) {
      if (!this.dialog.open || turn !== this.turn) return;
      await this.#askCurves(run);
    }
    if (this.dialog.open && turn === this.turn) this.timer = setTimeout(() => this.#ask(), ASK_EVERY);
  }

  /** Show older runs, too. */
  #showMore() {
    this.asked.wantMore();
    this.draw();
    return this.#ask();
  }

  /** Something else is looked for: in all runs, not in those alone that are known. */
  #filtered() {
    const searching = this.filter.words !== "";
    if (searching === this.asked.searching) return this.draw();
    const runs = this.asked.search(searching, this.store.state.runs ?? []);
    if (!searching) this.store.dispatch({ type: "runs", runs });
    this.draw();
    return this.#ask();
  }

  /** @param {Run} run */
  async #askCurves(run) {
    if (run.seq === 0 || this.curves.get(run.id)?.seq === run.seq) return;
    const curves = await api.curve(run.id).catch(() => null);
    if (!curves) return;
    this.curves.set(run.id, curves);
    if (!this.dialog.open) return;
    const now = this.store.state.runs?.find((one) => one.id === run.id);
    if (now && this.rows.has(run.id)) this.#drawRow(now);
    this.redraws.soon(() => this.#drawResults());
  }
}
