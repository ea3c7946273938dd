/** A run that has ended, read once from its stream: the curves and the data that the charts of a trial are made of. */

import { backoff } from "./connection.js";
import { LayoutIndex, numberOf } from "./layout-index.js";
import { eachFrame } from "./protocol.js";

/** @typedef {import("../types").Reading} Reading */

/** Of these streams, each quantity without a layer is a curve. */
const STREAMS = ["steps", "evaluation", "logged_loss", "logged_accuracy"];
/** The stream whose rows are a name's number and its value. */
const SCALARS = "scalars";
const MOST_ATTEMPTS = 5;
/** Codes from here on say why a server closes: there is no such run, say. */
const REFUSED = 4000;

/** Takes a stream's messages and gives the run's curves, in order of steps. */
export class Reader {
  constructor() {
    /** @type {LayoutIndex | null} */
    this.layoutIndex = null;
    /** @type {import("../types").RunHeader | null} */
    this.header = null;
    /** @type {Map<number, Map<number, Float32Array>>} rows by what frames call their stream, and step */
    this.rows = new Map();
    /** @type {Record<string, any>} */
    this.data = {};
    /** @type {Map<number, {network: string, quantity: string}>} what was logged by name, by its number */
    this.names = new Map();
    /** @type {Map<number, Map<number, number>>} values by the name's number and step */
    this.named = new Map();
  }

  /** @param {any} message */
  message(message) {
    const header = message.header;
    if (header && !this.layoutIndex) {
      this.header = header;
      this.layoutIndex = new LayoutIndex(header);
      for (const one of header.layouts) if (STREAMS.includes(one.name)) this.rows.set(numberOf(one), new Map());
    }
    for (const event of [...(message.events ?? []), ...(message.event ? [message.event] : [])]) {
      if (event.kind === "measured") this.data = event.value?.data ?? {};
      if (event.kind === "scalar")
        this.names.set(event.value?.number, { network: event.network, quantity: event.message });
    }
  }

  /** @param {ArrayBuffer} frames */
  frames(frames) {
    if (!this.layoutIndex) return;
    const scalars = this.layoutIndex.stream(SCALARS);
    eachFrame(frames, this.layoutIndex.sizes, ({ stream, step, row }) => {
      if (stream === scalars) this.#name(step, row);
      else this.rows.get(stream)?.set(step, row.slice());
    });
  }

  /** @param {number} step @param {Float32Array} row */
  #name(step, [number, value]) {
    const values = this.named.get(number) ?? new Map();
    this.named.set(number, values.set(step, value));
  }

  /** @returns {Reading} */
  reading() {
    /** @type {Map<string, {network: string, quantity: string, points: [number, number][]}>} */
    const found = new Map();
    for (const layout of this.header?.layouts ?? []) {
      const rows = this.rows.get(numberOf(layout)) ?? new Map();
      for (const { network, layer, quantity, shape, offset } of rows.size ? layout.entries : []) {
        if (layer !== "" || network === "" || shape.length > 0) continue;
        const key = JSON.stringify([layout.stream, network, quantity]);
        const curve = found.get(key) ?? { network, quantity, points: [] };
        found.set(key, curve);
        for (const [step, row] of rows) curve.points.push([step, row[offset]]);
      }
    }
    const logged = [...this.named].flatMap(([number, values]) => {
      const name = this.names.get(number);
      return name ? [{ ...name, logged: true, points: [...values] }] : [];
    });
    const curves = [...found.values(), ...logged].map(({ points, ...what }) => {
      points.sort(([a], [b]) => a - b);
      return { ...what, steps: points.map(([step]) => step), values: points.map(([, value]) => value) };
    });
    return { networks: this.header?.networks ?? [], curves, data: this.data };
  }
}

/** @param {string} address @param {typeof WebSocket} Socket @returns {Promise<Reading>} */
function readOnce(address, Socket) {
  const reader = new Reader();
  const socket = new Socket(address);
  socket.binaryType = "arraybuffer";
  return new Promise((resolve, reject) => {
    socket.onmessage = ({ data }) =>
      typeof data === "string" ? reader.message(JSON.parse(data)) : reader.frames(data);
    socket.onclose = ({ code, reason }) =>
      code === 1000
        ? resolve(reader.reading())
        : reject(Object.assign(new Error(reason || `closed with ${code}`), { code }));
  });
}

/** What is there in a browser; tests bring their own. */
const BROWSER = {
  Socket: globalThis.WebSocket,
  wait: (/** @type {number} */ seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds)),
};

/**
 * Read a run that has ended; again from its start where the connection breaks, a few times.
 * @param {string} address of all its frames
 * @param {Partial<typeof BROWSER>} [environment]
 * @returns {Promise<Reading>} rejects when the server refuses, or the connection breaks each time
 */
export async function readRun(address, environment = {}) {
  const { Socket, wait } = { ...BROWSER, ...environment };
  for (let attempt = 0; ; attempt++)
    try {
      return await readOnce(address, Socket);
    } catch (error) {
      // What the server closes of its own accord it would close again.
      const refused = /** @type {{code: number}} */ (error).code >= REFUSED;
      if (refused || attempt === MOST_ATTEMPTS - 1) throw error;
      await wait(backoff(attempt, Math.random()));
    }
}
