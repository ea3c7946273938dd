/** A run that has ended, read once from its stream: the curves and the data that the charts of a trial are made of. */

import { LayoutIndex } from "./layout-index.js";
import { eachFrame } from "./protocol.js";

/** @typedef {import("../types").Reading} Reading */

/** Of these streams, each quantity without a layer is a curve. */
const STREAMS = ["steps", "evaluation"];

/** Takes a stream's messages and gives the run's curves, in order of steps. */
export class Reader {
  constructor() {
    /** @type {LayoutIndex | null} */
    this.layoutIndex = null;
    /** @type {import("../types").RunHeader | null} */
    this.header = null;
    /** @type {Map<number, Map<number, Float32Array>>} rows by stream and step */
    this.rows = new Map();
    /** @type {Record<string, any>} */
    this.data = {};
  }

  /** @param {any} message */
  message(message) {
    const header = message.header;
    if (header && !this.layoutIndex) {
      this.header = header;
      this.layoutIndex = new LayoutIndex(header);
      for (const layout of header.layouts) if (STREAMS.includes(layout.name)) this.rows.set(layout.stream, new Map());
    }
    for (const event of [...(message.events ?? []), ...(message.event ? [message.event] : [])]) {
      if (event.kind === "measured") this.data = event.value?.data ?? {};
    }
  }

  /** @param {ArrayBuffer} frames */
  frames(frames) {
    if (!this.layoutIndex) return;
    eachFrame(frames, this.layoutIndex.sizes, ({ stream, step, row }) =>
      this.rows.get(stream)?.set(step, row.slice()),
    );
  }

  /** @returns {Reading} */
  reading() {
    const layouts = this.header?.layouts ?? [];
    const curves = layouts.flatMap((layout) => {
      const rows = [...(this.rows.get(layout.stream) ?? [])].sort(([a], [b]) => a - b);
      const steps = rows.map(([step]) => step);
      return !rows.length
        ? []
        : layout.entries
            .filter((entry) => entry.layer === "" && entry.network !== "" && entry.shape.length === 0)
            .map(({ network, quantity, offset }) => ({
              network,
              quantity,
              steps,
              values: rows.map(([, row]) => row[offset]),
            }));
    });
    return { networks: this.header?.networks ?? [], curves, data: this.data };
  }
}

/**
 * Read a run that has ended.
 * @param {string} address of all its frames
 * @returns {Promise<Reading>} rejects when the connection breaks
 */
export function readRun(address) {
  const reader = new Reader();
  const socket = new WebSocket(address);
  socket.binaryType = "arraybuffer";
  return new Promise((resolve, reject) => {
    socket.onmessage = ({ data }) =>
      typeof data === "string" ? reader.message(JSON.parse(data)) : reader.frames(data);
    socket.onclose = ({ code, reason }) =>
      code === 1000 ? resolve(reader.reading()) : reject(new Error(reason || `closed with ${code}`));
  });
}
