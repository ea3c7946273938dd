/** The stream of one run: its connection, and what has been received of it. */

import { Connection } from "./connection.js";
import { LayoutIndex } from "./layout-index.js";
import { eachFrame } from "./protocol.js";
import { Received } from "./received.js";
import { RunHistory } from "./run-history.js";

export class RunStream {
  /**
   * @param {(after: number) => string} address where its frames after a number are sent from
   * @param {(action: import("../app/store.js").Action) => void} dispatch
   * @param {() => void} arrived called after each message of frames
   */
  constructor(address, dispatch, arrived) {
    this.received = new Received();
    /** the whole span of what is missing is there in outline: lines go on from frame to frame */
    this.outlined = false;
    /** @type {LayoutIndex | null} */
    this.layoutIndex = null;
    /** @type {RunHistory | null} */
    this.history = null;
    this.dispatch = dispatch;
    this.connection = new Connection(address, {
      after: () => this.received.contiguous,
      message: (message) => this.#message(message),
      frames: (frames) => {
        this.take(frames);
        arrived();
      },
      state: (connection, retryIn) => dispatch({ type: "connection", connection, retryIn }),
    });
  }

  /** @param {any} message */
  #message(message) {
    if (message.type === "run") {
      if (message.header) this.begin(message.header);
      this.dispatch({ type: "run", run: message.run, header: message.header, events: message.events ?? [] });
    } else if (message.type === "header") {
      this.begin(message.header);
      this.dispatch({ type: "header", header: message.header });
    } else if (message.type === "state") this.dispatch({ type: "state", run: message.run });
    else if (message.type === "outline") this.#outline();
    else if (message.type === "event") {
      if (message.event.kind === "layouts") this.#revise(message.event.value);
      this.dispatch({ type: "event", event: message.event });
    }
  }

  /** What was drawn in pieces is one line now. */
  #outline() {
    this.outlined = true;
    for (const stream of this.history?.streams.values() ?? []) stream.epoch++;
  }

  /** @param {import("../types").RunHeader} header */
  begin(header) {
    if (this.history) {
      this.#revise(header);
      return;
    }
    this.layoutIndex = new LayoutIndex(header);
    this.history = new RunHistory(this.layoutIndex.widths, this.layoutIndex.stream("scalars"));
    this.history.missing = (from, to) => !this.outlined && this.received.missing(from, to);
    for (const stream of this.history.streams.values()) stream.missing = this.history.missing;
    this.history.revise(this.layoutIndex);
  }

  /**
   * Some streams are laid out anew.
   * @param {{layouts: import("../types").Layout[], networks?: import("../types").NetworkInfo[]}} later
   */
  #revise({ layouts, networks }) {
    const revised = this.layoutIndex?.revised(layouts, networks);
    if (!revised || revised === this.layoutIndex) return;
    this.layoutIndex = revised;
    this.history?.revise(revised);
    this.dispatch({ type: "header", header: revised.header });
  }

  /** @param {ArrayBuffer} frames */
  take(frames) {
    const { layoutIndex, history, received } = this;
    if (!layoutIndex || !history) return;
    const holes = received.intervals.length;
    eachFrame(frames, layoutIndex.sizes, (frame) => {
      if (received.add(frame.seq)) history.append(frame);
    });
    // A hole that closed is drawn over, also in streams that had no frame in it.
    if (received.intervals.length < holes) for (const stream of history.streams.values()) stream.epoch++;
  }

  close() {
    this.connection.close();
  }
}
