/** The stream of the run that is open: another one when another run is. */

import { api } from "../api.js";
import { isLive } from "../app/state.js";
import { RunStream } from "../stream/run-stream.js";

/**
 * Whether the run that is open was interrupted, and its script has come back.
 * @param {import("../app/state.js").State} state
 */
const goesOn = ({ open, run, runs, connection }) =>
  connection === "ended" && run?.state === "interrupted" && isLive(runs?.find((one) => one.id === open) ?? null);

/** Each so many-th frame of a long history comes first: all of its span is there at once. */
const OUTLINE = 16;

export class OpenRun {
  /** @param {import("../app/store.js").Store} store @param {() => void} arrived called after each message of frames */
  constructor(store, arrived) {
    this.store = store;
    this.arrived = arrived;
    /** @type {RunStream | null} */
    this.stream = null;
    store.listen((now, before) => {
      if (now.open !== before.open) this.#connect(now.open);
      else if (now.runs !== before.runs && goesOn(now)) this.stream?.connection.again();
    });
  }

  /** @param {string | null} run */
  #connect(run) {
    this.stream?.close();
    this.stream =
      run === null
        ? null
        : new RunStream((after) => api.stream(run, after, OUTLINE), this.store.dispatch, this.arrived);
  }

  /** Do not wait any longer for a connection that was lost. */
  retry() {
    this.stream?.connection.retry();
  }
}
