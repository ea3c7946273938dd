/** What a person may do to a network while it trains. */

import { api } from "../api.js";
import { byId, setText } from "../app/dom.js";
import { writeLink } from "../app/link.js";
import { NormChanges, normalized } from "./norm-changes.js";

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
    /** @type {Map<string, NormChanges>} */
    this.norms = new Map();
    this.built = "";
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
    byId("changes-trial").hidden = !run.trial;
    this.rate.placeholder = String(run.learning_rate ?? "");
    this.#build(run);
    for (const [network, norm] of this.norms) norm.show(run.interventions?.[network]);
  }

  /** The controls of each network, made once so that they keep the focus. @param {Run} run */
  #build(run) {
    const { t } = this.store.state;
    const networks = normalized(run);
    const key = JSON.stringify([run.id, t("locale"), networks]);
    if (key === this.built) return;
    this.built = key;
    const change = (/** @type {string} */ network, /** @type {Partial<import("../types").Intervention>} */ asked) =>
      void this.#change(run.id, { networks: { [network]: asked } });
    this.norms = new Map(networks.map((network) => [network, new NormChanges(network, t, change)]));
    byId("norm-changes").replaceChildren(...[...this.norms.values()].map(({ element }) => element));
  }

  /** @param {string} run @param {Record<string, any>} change */
  async #change(run, change) {
    const answer = await this.attempt(() => api.change(run, change));
    if (answer) this.store.dispatch({ type: "state", run: answer });
    else this.draw();
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
