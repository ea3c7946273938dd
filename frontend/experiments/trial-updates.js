/** What is asked of the server about trials: to start one, all there are, and how the open one is. */

import { api } from "../api.js";
import { placeBet } from "./bets.js";

/** @typedef {import("../app/store.js").Store} Store */
/** @typedef {import("../run/attempt.js").Attempt} Attempt */

const ASK_EVERY = 1000;

/** @param {Store} store @param {Attempt} attempt @param {string} experiment @param {boolean} quick */
export async function startTrial(store, attempt, experiment, quick) {
  const trial = await attempt(() => api.startTrial(experiment, { quick }));
  if (!trial) return;
  placeBet(trial);
  store.dispatch({ type: "trial_started", trial });
}

/**
 * Keep the open trial up to date: ask how it is, again and again until it has ended.
 * @param {Store} store
 * @param {Attempt} attempt
 * @param {{ask?: typeof api.trial, later?: (act: () => void, milliseconds: number) => any}} [environment]
 */
export function followTrials(store, attempt, { ask = api.trial, later = setTimeout } = {}) {
  /** @type {any} */
  let timer;
  async function update() {
    clearTimeout(timer);
    const { trial } = store.state;
    if (trial === null) return;
    const answer = await attempt(() => ask(trial));
    if (trial !== store.state.trial) return;
    if (answer) store.dispatch({ type: "trial", trial: answer });
    else if (store.state.reachable) return store.dispatch({ type: "trial_unknown" });
    if (!answer?.ended) timer = later(update, ASK_EVERY);
  }
  store.listen((now, before) => {
    if (now.trial !== before.trial) void update();
  });
}
