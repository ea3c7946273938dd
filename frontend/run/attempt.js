/** Requests that the server may refuse. */

import { Refusal } from "../api.js";

/** @typedef {<T>(request: () => Promise<T>) => Promise<T | null>} Attempt null where it was refused */

/**
 * Make requests whose refusals become the page's problem, a sentence; an error of our own stays one.
 * @param {import("../app/store.js").Store} store
 * @returns {Attempt}
 */
export const attempts = (store) => async (request) => {
  try {
    const answer = await request();
    if (!store.state.reachable) store.dispatch({ type: "reachable", reachable: true });
    return answer;
  } catch (reason) {
    if (!(reason instanceof Refusal)) throw reason;
    if (reason.status === 0) store.dispatch({ type: "reachable", reachable: false });
    else store.dispatch({ type: "problem", problem: reason.notice });
    return null;
  }
};
