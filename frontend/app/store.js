/** The page's state: plain data, and one pure function that answers each event with the next state. */

/** @typedef {import("../types").Run} Run */
/** @typedef {import("../types").RunHeader} RunHeader */
/** @typedef {import("../types").RunEvent} RunEvent */
/** @typedef {import("../types").Look} Look */
/** @typedef {import("../types").Experiment} Experiment */

/**
 * @typedef {"idle" | "connecting" | "open" | "lost" | "ended" | "unknown"} Link
 *
 * @typedef {object} State
 * @property {Link} link how the stream of the open run is
 * @property {number} retryIn seconds until the next attempt, when lost
 * @property {string | null} open id of the open run
 * @property {Run | null} run
 * @property {RunHeader | null} header
 * @property {RunEvent[]} events in order of steps
 * @property {Run[] | null} runs newest first; null before the list has come
 * @property {Experiment[]} experiments
 * @property {Record<string, any> | null} schema JSON Schema of RunConfig
 * @property {Look} look
 * @property {boolean} playing the replay moves on by itself
 * @property {string | null} problem a sentence for the person; null when all is well
 * @property {boolean} reachable whether the server answered last time
 */

/**
 * @typedef {{type: "open", run: string | null}
 *   | {type: "link", link: Link, retryIn?: number}
 *   | {type: "run", run: Run, header: RunHeader | null, events: RunEvent[]}
 *   | {type: "header", header: RunHeader}
 *   | {type: "state", run: Run}
 *   | {type: "event", event: RunEvent}
 *   | {type: "runs", runs: Run[]}
 *   | {type: "removed", run: string}
 *   | {type: "experiments", experiments: Experiment[]}
 *   | {type: "schema", schema: Record<string, any>}
 *   | {type: "look", look: Partial<Look>}
 *   | {type: "playing", playing: boolean}
 *   | {type: "reachable", reachable: boolean}
 *   | {type: "problem", problem: string | null}} Action
 */

/** @type {Look} */
export const FIRST_LOOK = {
  layer: null,
  step: null,
  compare: 0,
  scale: "sigma",
  drift: null,
  network: null,
  unit: null,
  charts: null,
};

/** @type {State} */
export const EMPTY = {
  link: "idle",
  retryIn: 0,
  open: null,
  run: null,
  header: null,
  events: [],
  runs: null,
  experiments: [],
  schema: null,
  look: FIRST_LOOK,
  playing: false,
  problem: null,
  reachable: true,
};

const LIVE = new Set(["queued", "preparing", "running", "paused"]);

/** @param {Run | null} run whether more can come */
export const isLive = (run) => run !== null && LIVE.has(run.state);

/** @param {RunEvent[]} events @param {RunEvent} event */
function withEvent(events, event) {
  const same = (/** @type {RunEvent} */ other) =>
    other.time === event.time &&
    other.step === event.step &&
    other.kind === event.kind &&
    other.network === event.network &&
    other.layer === event.layer;
  if (events.some(same)) return events;
  return [...events, event].sort((a, b) => a.step - b.step || a.time - b.time);
}

/** @param {Run[] | null} runs @param {Run} run */
function withRun(runs, run) {
  if (runs === null) return null;
  const at = runs.findIndex((other) => other.id === run.id);
  if (at < 0) return [run, ...runs];
  return runs.with(at, run);
}

/**
 * @param {State} state
 * @param {Action} action
 * @returns {State}
 */
export function reduce(state, action) {
  switch (action.type) {
    case "open":
      if (action.run === state.open) return state;
      return {
        ...state,
        open: action.run,
        run: state.runs?.find((run) => run.id === action.run) ?? null,
        header: null,
        events: [],
        link: action.run ? "connecting" : "idle",
        playing: false,
        problem: null,
      };
    case "link":
      return { ...state, link: action.link, retryIn: action.retryIn ?? 0 };
    case "run":
      if (action.run.id !== state.open) return state;
      return {
        ...state,
        run: action.run,
        header: action.header,
        events: action.events.reduce(withEvent, /** @type {RunEvent[]} */ ([])),
        runs: withRun(state.runs, action.run),
        link: "open",
        reachable: true,
      };
    case "header":
      return { ...state, header: action.header };
    case "state":
      // The answer to a request may come after what the stream has said since.
      if (state.run?.id === action.run.id && state.run.step > action.run.step) return state;
      return {
        ...state,
        runs: withRun(state.runs, action.run),
        run: action.run.id === state.open ? action.run : state.run,
      };
    case "event":
      return { ...state, events: withEvent(state.events, action.event) };
    case "runs":
      return { ...state, runs: action.runs, reachable: true };
    case "removed":
      return { ...state, runs: state.runs?.filter((run) => run.id !== action.run) ?? null };
    case "experiments":
      return { ...state, experiments: action.experiments };
    case "schema":
      return { ...state, schema: action.schema };
    case "look":
      return { ...state, look: { ...state.look, ...action.look } };
    case "playing":
      return { ...state, playing: action.playing };
    case "reachable":
      return { ...state, reachable: action.reachable };
    case "problem":
      return { ...state, problem: action.problem };
  }
}

/**
 * Holds the state and tells listeners of each new one.
 * @param {State} [initial]
 */
export function createStore(initial = EMPTY) {
  let state = initial;
  /** @type {Set<(state: State, before: State) => void>} */
  const listeners = new Set();
  return {
    get state() {
      return state;
    },
    /** @param {Action} action */
    dispatch(action) {
      const before = state;
      state = reduce(state, action);
      if (state !== before) for (const listener of listeners) listener(state, before);
    },
    /** @param {(state: State, before: State) => void} listener */
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** @typedef {ReturnType<typeof createStore>} Store */
