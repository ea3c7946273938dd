/** Actions on runs: which is open, what its stream brings, and the list of all. */

import { FIRST_SELECTION } from "./state.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("../types").Run} Run */
/** @typedef {import("../types").RunHeader} RunHeader */
/** @typedef {import("../types").RunEvent} RunEvent */

/**
 * @typedef {{type: "open", run: string | null}
 *   | {type: "started", run: Run}
 *   | {type: "connection", connection: import("./state.js").ConnectionState, retryIn?: number}
 *   | {type: "run", run: Run, header: RunHeader | null, events: RunEvent[]}
 *   | {type: "header", header: RunHeader}
 *   | {type: "state", run: Run}
 *   | {type: "event", event: RunEvent}
 *   | {type: "runs", runs: Run[]}
 *   | {type: "removed", run: string}
 *   | {type: "select", selection: Partial<import("../types").Selection>}
 *   | {type: "intervene", networks: Record<string, Record<string, any>>}
 *   | {type: "choose", name: string, value: string | null}
 *   | {type: "playing", playing: boolean}
 *   | {type: "present", view: string | null}
 *   | {type: "duration", duration: number}} RunAction
 */

/** @param {RunEvent[]} events @param {RunEvent} event */
function withEvent(events, event) {
  const same = (/** @type {RunEvent} */ other) =>
    other.time === event.time &&
    other.step === event.step &&
    other.kind === event.kind &&
    other.code === event.code &&
    other.network === event.network &&
    other.layer === event.layer;
  if (events.some(same)) return events;
  return [...events, event].sort((a, b) => a.step - b.step || a.time - b.time);
}

/** @param {Run[] | null} runs @param {Run} run */
function withRun(runs, run) {
  if (runs === null) return null;
  const at = runs.findIndex((other) => other.id === run.id);
  return at < 0 ? [run, ...runs] : runs.with(at, run);
}

/**
 * Open a run, or none. What was chosen of another run is let go, but for how and which charts are drawn.
 * @param {State} state
 * @param {string | null} run
 * @returns {State}
 */
export function openRun(state, run) {
  if (run === state.open) return state;
  const { selection, open } = state;
  return {
    ...state,
    open: run,
    run: state.runs?.find((one) => one.id === run) ?? null,
    header: null,
    events: [],
    connection: run ? "connecting" : "idle",
    playing: false,
    problem: null,
    selection:
      open === null
        ? selection
        : { ...FIRST_SELECTION, choices: withChoice(selection.choices, "zoom", null), charts: selection.charts },
  };
}

/**
 * What was chosen in single charts, with one choice more; what stands as usual (null) is not held.
 * @param {Record<string, string>} choices
 * @param {string} name
 * @param {string | null} value
 */
function withChoice(choices, name, value) {
  const others = Object.entries(choices).filter(([other]) => other !== name);
  return Object.fromEntries(value === null ? others : [...others, [name, value]]);
}

/**
 * What is chosen, once more is. Another step has sentences of its own.
 * @param {import("../types").Selection} before
 * @param {Partial<import("../types").Selection>} more
 */
const selected = (before, more) => ({
  ...before,
  ...("step" in more && more.step !== before.step ? { told: null } : {}),
  ...more,
});

/** @type {import("./state.js").Reducers<RunAction>} */
export const runActions = {
  open: (state, { run }) => openRun(state, run),
  started: (state, { run }) =>
    openRun({ ...state, runs: [run, ...(state.runs ?? []).filter((one) => one.id !== run.id)] }, run.id),
  connection: (state, { connection, retryIn = 0 }) => ({ ...state, connection, retryIn }),
  run: (state, { run, header, events }) =>
    run.id !== state.open
      ? state
      : {
          ...state,
          run,
          header,
          events: events.reduce(withEvent, /** @type {RunEvent[]} */ ([])),
          runs: withRun(state.runs, run),
          connection: "open",
          reachable: true,
        },
  header: (state, { header }) => ({ ...state, header }),
  // The answer to a request may come after what the stream has brought since.
  state: (state, { run }) =>
    state.run?.id === run.id && state.run.step > run.step
      ? state
      : { ...state, runs: withRun(state.runs, run), run: run.id === state.open ? run : state.run },
  event: (state, { event }) => ({ ...state, events: withEvent(state.events, event) }),
  runs: (state, { runs }) => ({ ...state, runs, reachable: true }),
  removed: (state, { run }) => ({
    ...openRun(state, state.open === run ? null : state.open),
    runs: state.runs?.filter((one) => one.id !== run) ?? null,
  }),
  select: (state, { selection }) => ({ ...state, selection: selected(state.selection, selection) }),
  choose: (state, { name, value }) => ({
    ...state,
    selection: { ...state.selection, choices: withChoice(state.selection.choices, name, value) },
  }),
  // The page asks the server, whose answer is the run as it is then.
  intervene: (state) => state,
  playing: (state, { playing }) => ({ ...state, playing }),
  present: (state, { view }) => ({ ...state, present: view }),
  duration: (state, { duration }) => ({ ...state, duration }),
};
