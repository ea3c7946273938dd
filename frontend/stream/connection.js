/** One run's stream: opens it, and opens it again from where it broke, for as long as the run is looked at. */

const FIRST_WAIT = 0.25;
const LONGEST_WAIT = 8;
const FINISHED = 1000;
const UNKNOWN_RUN = 4404;

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
 * @property {(connection: import("../app/state.js").Connection, retryIn?: number) => void} connection how it is now
 */

/**
 * @param {(after: number) => string} urlOf
 * @param {Handlers} handlers
 * @param {{Socket?: typeof WebSocket, later?: (act: () => void, ms: number) => any, cancel?: (timer: any) => void,
 *   random?: () => number}} [environment]
 */
export function connect(urlOf, handlers, environment = {}) {
  const { Socket = WebSocket, later = setTimeout, cancel = clearTimeout, random = Math.random } = environment;
  let attempt = 0;
  let closed = false;
  /** @type {any} */
  let timer = null;
  /** @type {WebSocket | null} */
  let socket = null;

  function open() {
    timer = null;
    handlers.connection("connecting");
    const opened = new Socket(urlOf(handlers.after()));
    socket = opened;
    opened.binaryType = "arraybuffer";
    opened.onmessage = (event) => {
      if (socket !== opened) return;
      attempt = 0;
      if (typeof event.data === "string") handlers.message(JSON.parse(event.data));
      else handlers.frames(event.data);
    };
    opened.onclose = (event) => {
      if (socket !== opened || closed) return;
      socket = null;
      if (event.code === FINISHED) handlers.connection("ended");
      else if (event.code === UNKNOWN_RUN) handlers.connection("unknown");
      else wait();
    };
  }

  function wait() {
    const seconds = backoff(attempt++, random());
    handlers.connection("lost", seconds);
    timer = later(open, 1000 * seconds);
  }

  open();
  return {
    /** Do not wait any longer: the network came back, or the lid was opened. */
    retry() {
      if (timer === null || closed) return;
      cancel(timer);
      attempt = 0;
      open();
    },
    close() {
      closed = true;
      if (timer !== null) cancel(timer);
      socket?.close();
      socket = null;
    },
  };
}
