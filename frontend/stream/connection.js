/** One run's stream: opens it, and opens it again from where it broke, for as long as the run is open. */

const FIRST_WAIT = 0.25;
const LONGEST_WAIT = 8;
const FINISHED = 1000;
const UNKNOWN_RUN = 4404;
const VOID_LINK = 4401;

/**
 * Seconds to wait before attempt `attempt` (0, 1, ...): doubling, with a random part, so that a classroom of pages
 * does not come back in one moment.
 * @param {number} attempt
 * @param {number} random in [0, 1)
 */
export const backoff = (attempt, random) => Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempt) * (0.75 + random / 2);

/**
 * @typedef {object} Handlers
 * @property {() => number} after the highest seq below which nothing is missing
 * @property {(message: any) => void} message
 * @property {(frames: ArrayBuffer) => void} frames
 * @property {(state: import("../app/state.js").ConnectionState, retryIn?: number) => void} state how it is now; when
 *   lost, seconds until the next attempt
 */

/** What is there in a browser; tests bring their own. */
const BROWSER = {
  Socket: globalThis.WebSocket,
  later: (/** @type {() => void} */ act, /** @type {number} */ ms) => /** @type {any} */ (setTimeout(act, ms)),
  cancel: (/** @type {any} */ timer) => clearTimeout(timer),
  random: () => Math.random(),
};

export class Connection {
  /**
   * @param {(after: number) => string} urlOf
   * @param {Handlers} handlers
   * @param {Partial<typeof BROWSER>} [environment]
   */
  constructor(urlOf, handlers, environment = {}) {
    this.urlOf = urlOf;
    this.handlers = handlers;
    this.environment = { ...BROWSER, ...environment };
    this.attempt = 0;
    this.closed = false;
    /** @type {any} */
    this.timer = null;
    /** @type {WebSocket | null} */
    this.socket = null;
    this.#open();
  }

  #open() {
    this.timer = null;
    this.handlers.state("connecting");
    const socket = new this.environment.Socket(this.urlOf(this.handlers.after()));
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    // A socket that was replaced is not heard any more.
    socket.onmessage = (event) => {
      if (this.socket === socket) this.#take(event.data);
    };
    socket.onclose = (event) => {
      if (this.socket === socket && !this.closed) this.#end(event.code);
    };
  }

  /** @param {string | ArrayBuffer} data */
  #take(data) {
    this.attempt = 0;
    if (typeof data === "string") this.handlers.message(JSON.parse(data));
    else this.handlers.frames(data);
  }

  /** @param {number} code */
  #end(code) {
    this.socket = null;
    if (code === FINISHED) this.handlers.state("ended");
    else if (code === UNKNOWN_RUN) this.handlers.state("unknown");
    else if (code === VOID_LINK) this.handlers.state("void");
    else this.#wait();
  }

  #wait() {
    const seconds = backoff(this.attempt++, this.environment.random());
    this.handlers.state("lost", seconds);
    this.timer = this.environment.later(() => this.#open(), 1000 * seconds);
  }

  /** Do not wait any longer: the network came back, or the lid was opened. */
  retry() {
    if (this.timer === null || this.closed) return;
    this.environment.cancel(this.timer);
    this.attempt = 0;
    this.#open();
  }

  /** Open again after the end: a run that was interrupted goes on. */
  again() {
    if (this.socket !== null || this.timer !== null || this.closed) return;
    this.attempt = 0;
    this.#open();
  }

  close() {
    this.closed = true;
    if (this.timer !== null) this.environment.cancel(this.timer);
    this.socket?.close();
    this.socket = null;
  }
}
