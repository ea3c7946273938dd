/** The stream of the run that is open: another one when another run is. */

import { api } from "../api.js";
import { RunStream } from "../stream/run-stream.js";

export class OpenRun {
  /** @param {import("../app/store.js").Store} store @param {() => void} arrived called after each message of frames */
  constructor(store, arrived) {
    this.store = store;
    this.arrived = arrived;
    /** @type {RunStream | null} */
    this.stream = null;
    store.listen((now, before) => {
      if (now.open !== before.open) this.#connect(now.open);
    });
  }

  /** @param {string | null} run */
  #connect(run) {
    this.stream?.close();
    this.stream =
      run === null ? null : new RunStream((after) => api.stream(run, after), this.store.dispatch, this.arrived);
  }

  /** Do not wait any longer for a connection that was lost. */
  retry() {
    this.stream?.connection.retry();
  }
}
