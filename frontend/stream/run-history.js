/** All that has been measured of a run: a history for each of its streams. */

import { StreamHistory } from "./history.js";

/** Numbers of the streams that the page makes of what is logged by name begin here; those of runs end before. */
const NAMED_FROM = 1024;

/**
 * A row as it is kept.
 * @param {Float32Array} row as it came
 * @param {number} width
 * @param {import("./layout-index.js").Laid} [laid] where its floats go; where they stand, without
 */
function spread(row, width, laid) {
  const kept = new Float32Array(width).fill(NaN);
  if (!laid) kept.set(row);
  for (const { from, to, size } of laid?.moves ?? []) kept.set(row.subarray(from, from + size), to);
  return kept;
}

export class RunHistory {
  /**
   * @param {Map<number, number>} sizes floats in a row, by stream
   * @param {number} [scalars] the stream whose rows are a name's number and its value: each name gets its own history
   */
  constructor(sizes, scalars) {
    this.scalars = scalars;
    /** @type {Map<number, import("./layout-index.js").Laid>} where rows of later layouts go */
    this.laid = new Map();
    /**
     * Whether frames between two sequence numbers are still on their way.
     * @type {(from: number, to: number) => boolean}
     */
    this.missing = () => false;
    /** @type {Map<number, StreamHistory>} */
    this.streams = new Map();
    for (const [stream, size] of sizes) this.streams.set(stream, new StreamHistory(size));
  }

  /** @param {import("./protocol.js").Frame} frame */
  append(frame) {
    if (frame.stream === this.scalars) this.#appendScalar(frame);
    else {
      const laid = this.laid.get(frame.stream);
      const history = this.streams.get(laid?.stream ?? frame.stream);
      const whole = !laid && history?.size === frame.row.length;
      history?.append(frame.step, frame.seq, frame.time, whole ? frame.row : spread(frame.row, history.size, laid));
    }
  }

  /**
   * Go on with streams that are laid out anew: rows hold what any of their layouts has; what one lacks is NaN there.
   * @param {import("./layout-index.js").LayoutIndex} layoutIndex
   */
  revise({ widths, laid }) {
    this.laid = laid;
    for (const [stream, width] of widths) this.streams.get(stream)?.widen(width);
  }

  /** @param {import("./protocol.js").Frame} frame */
  #appendScalar({ step, seq, time, row }) {
    const number = NAMED_FROM + row[0];
    let named = this.streams.get(number);
    if (!named) {
      named = new StreamHistory(1);
      named.missing = (from, to) => this.missing(from, to);
      this.streams.set(number, named);
    }
    named.append(step, seq, time, row.subarray(1));
  }

  /** The stream of a name's number; null before there is one. @param {number} number */
  scalar(number) {
    return this.streams.has(NAMED_FROM + number) ? NAMED_FROM + number : null;
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
