/** The one store: a pure function answers each action with the next state, and listeners are called with it. */

import { runActions } from "./run-actions.js";
import { adoptRun, trialActions } from "./trial-actions.js";

/** @typedef {import("./state.js").State} State */

/**
 * @typedef {{type: "language", t: import("../types").Translate}
 *   | {type: "theme", theme: import("../types").Theme}
 *   | {type: "drawable"}
 *   | {type: "schema", schema: Record<string, any>}
 *   | {type: "reachable", reachable: boolean}
 *   | {type: "link-changed"}
 *   | {type: "problem", problem: import("../types").Notice | null}} PageAction
 *
 * @typedef {import("./run-actions.js").RunAction | import("./trial-actions.js").TrialAction | PageAction} Action
 */

/** @type {import("./state.js").Reducers<PageAction>} */
const pageActions = {
  language: (state, { t }) => ({ ...state, t }),
  theme: (state, { theme }) => ({ ...state, theme }),
  drawable: (state) => ({ ...state, drawable: true }),
  schema: (state, { schema }) => ({ ...state, schema }),
  reachable: (state, { reachable }) => ({ ...state, reachable }),
  "link-changed": (state) => ({ ...state, linkChanged: true, problem: null }),
  problem: (state, { problem }) => ({ ...state, problem }),
};

/** @type {Record<string, (state: State, action: any) => State>} */
const ACTIONS = { ...pageActions, ...runActions, ...trialActions };

/**
 * @param {State} state
 * @param {Action} action
 * @returns {State}
 */
export function reduce(state, action) {
  return adoptRun(ACTIONS[action.type](state, action));
}

/**
 * Holds the state and calls listeners with each new one.
 * @param {State} initial
 */
export function createStore(initial) {
  let state = initial;
  /** @type {Set<(state: State, before: State) => void>} */
  const listeners = new Set();
  return {
    get state() {
      return state;
    },
    /** @param {Action} action */
    dispatch(action) {
      const before = state;
      state = reduce(state, action);
      if (state !== before) for (const listener of listeners) listener(state, before);
    },
    /** @param {(state: State, before: State) => void} listener */
    listen(listener) {
      listeners.add(listener);
    },
  };
}

/** @typedef {ReturnType<typeof createStore>} Store */
