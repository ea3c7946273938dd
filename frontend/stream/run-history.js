/** All that has been measured of a run: a history for each of its streams. */

import { StreamHistory } from "./history.js";

export class RunHistory {
  /** @param {Map<number, number>} sizes floats in a row, by stream */
  constructor(sizes) {
    /** @type {Map<number, StreamHistory>} */
    this.streams = new Map();
    for (const [stream, size] of sizes) this.streams.set(stream, new StreamHistory(size));
  }

  /** @param {import("./protocol.js").Frame} frame */
  append(frame) {
    this.streams.get(frame.stream)?.append(frame.step, frame.seq, frame.time, frame.row);
  }

  /**
   * @param {number} stream
   * @returns {StreamHistory}
   */
  stream(stream) {
    const found = this.streams.get(stream);
    if (!found) throw new Error(`stream ${stream} has no layout`);
    return found;
  }

  /** frames of all streams */
  get count() {
    let count = 0;
    for (const stream of this.streams.values()) count += stream.count;
    return count;
  }

  get lastStep() {
    let last = 0;
    for (const stream of this.streams.values()) last = Math.max(last, stream.lastStep);
    return last;
  }
}
