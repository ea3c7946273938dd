/** The list of runs, each with a small curve of its losses: open, rename, delete, take the recording away. */

import { api } from "../api.js";
import { byId, h } from "../app/dom.js";
import { runName } from "../app/server-messages.js";
import { dialogHead, onBackdrop } from "./dialog.js";
import { RunRow } from "./run-row.js";

/** @typedef {import("../types").Run} Run */
/** @typedef {import("../types").LossCurves} LossCurves */

/** How long until the list and the curves in it are asked for anew. */
const ASK_EVERY = 3000;

export class RunList {
  /**
   * @param {import("../app/store.js").Store} store
   * @param {import("./attempt.js").Attempt} attempt
   * @param {{again: (config: Record<string, any>) => void, compare: (run: string) => void}} acts `again` begins a run
   *   with these settings, `compare` shows the open run beside another
   */
  constructor(store, attempt, acts) {
    this.store = store;
    this.attempt = attempt;
    /** @type {HTMLDialogElement} */
    this.dialog = byId("runs");
    this.list = h("ul", { class: "runs" });
    /** @type {Map<string, RunRow>} */
    this.rows = new Map();
    /** @type {Map<string, LossCurves>} */
    this.curves = new Map();
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
      compare: (run) => acts.compare(run.id),
      again: (run) => this.#leave(() => acts.again(/** @type {Record<string, any>} */ (run.config))),
      download: (run) => location.assign(api.recording(run.id)),
    };
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
    if (answer) this.store.dispatch({ type: "state", run: answer });
  }

  /** @param {Run} run */
  async #remove(run) {
    const { t } = this.store.state;
    if (!globalThis.confirm(t("delete.ask", { name: runName(run, t) }))) return;
    const removed = await this.attempt(() => api.remove(run.id).then(() => true));
    if (removed) this.store.dispatch({ type: "removed", run: run.id });
  }

  draw() {
    if (!this.dialog.open) return;
    this.#drawFrame();
    const runs = this.store.state.runs ?? [];
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

  /** What stands around the rows. */
  #drawFrame() {
    const { runs, t } = this.store.state;
    const content = runs === null ? "loading" : runs.length ? "list" : "empty";
    const frame = `${t("locale")}|${content}`;
    if (frame === this.frame) return;
    this.frame = frame;
    this.dialog.replaceChildren(
      dialogHead(this.dialog, "runs-title", t("runs"), t),
      h("div", { class: "body" }, content === "list" ? this.list : h("p", {}, t(`runs.${content}`))),
    );
  }

  /** The row is made once, so that its buttons keep the focus. @param {Run} run */
  #drawRow(run) {
    const row = this.rows.get(run.id) ?? new RunRow(this.acts);
    this.rows.set(run.id, row);
    row.draw(run, this.store.state, this.curves.get(run.id));
    return row;
  }

  /**
   * Ask for the list and its curves, again and again while it is open: a curve only where frames have come since, one
   * at a time.
   */
  async #ask() {
    clearTimeout(this.timer);
    /** @type {Run[] | null} */
    const runs = await this.attempt(() => api.runs());
    if (runs) this.store.dispatch({ type: "runs", runs });
    for (const run of runs ?? []) {
      if (!this.dialog.open) return;
      await this.#askCurves(run);
    }
    if (this.dialog.open) this.timer = setTimeout(() => this.#ask(), ASK_EVERY);
  }

  /** @param {Run} run */
  async #askCurves(run) {
    if (run.seq === 0 || this.curves.get(run.id)?.seq === run.seq) return;
    const curves = await api.curve(run.id).catch(() => null);
    if (!curves) return;
    this.curves.set(run.id, curves);
    const now = this.store.state.runs?.find((one) => one.id === run.id);
    if (now && this.dialog.open) this.#drawRow(now);
  }
}
