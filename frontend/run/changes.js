/** What a person may do to a network while it trains. */

import { api } from "../api.js";
import { byId, setText } from "../app/dom.js";
import { writeLink } from "../app/link.js";

/** @typedef {import("../types").Run} Run */
/** @typedef {import("../app/state.js").State} State */

/** @param {Run | null} run whether its worker does what it is told */
const takesChanges = (run) =>
  run !== null && run.source === "worker" && (run.state === "running" || run.state === "paused");

export class Changes {
  /**
   * @param {import("../app/store.js").Store} store
   * @param {import("./attempt.js").Attempt} attempt
   * @param {(run: string, pair: string) => void} compare shows two runs side by side
   */
  constructor(store, attempt, compare) {
    this.store = store;
    this.attempt = attempt;
    this.compare = compare;
    /** @type {HTMLInputElement} */
    this.rate = byId("fork-rate");
    this.asking = false;
    byId("fork").addEventListener("click", () => this.#fork());
  }

  /** Let a second run go on from here, and show it beside the first. */
  async #fork() {
    const { run } = this.store.state;
    if (!run || this.asking) return;
    this.asking = true;
    const rate = Number(this.rate.value);
    const change = rate > 0 ? { learning_rate: rate } : {};
    /** @type {Run | null} */
    const made = await this.attempt(() => api.fork(run.id, change)).finally(() => {
      this.asking = false;
    });
    if (made) this.compare(run.id, made.id);
    else this.draw();
  }

  draw() {
    const { run } = this.store.state;
    drawOrigin(this.store.state);
    byId("changes").hidden = !takesChanges(run);
    if (!run || !takesChanges(run)) return;
    this.rate.placeholder = String(run.learning_rate ?? "");
  }
}

/** The way from a fork to the pair of it and its origin, if that is still there. @param {State} state */
function drawOrigin({ run, runs, selection, t }) {
  const link = byId("fork-origin");
  const forked = run?.forked;
  link.hidden = !(forked && (runs === null || runs.some((one) => one.id === forked.run)));
  if (!run || !forked || link.hidden) return;
  setText(link, t("fork.origin", { step: forked.step.toLocaleString(t("locale")) }));
  link.href = writeLink(forked.run, selection, { pair: run.id });
}
