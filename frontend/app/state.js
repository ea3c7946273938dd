/** The page's state: data alone. What changes it stands in store.js; what is drawn follows from it. */

/** @typedef {import("../types").Run} Run */
/** @typedef {import("../types").RunHeader} RunHeader */
/** @typedef {import("../types").RunEvent} RunEvent */
/** @typedef {import("../types").Selection} Selection */
/** @typedef {import("../types").Experiment} Experiment */
/** @typedef {import("../types").Trial} Trial */

/**
 * How it is with the open run's stream; void: the link by which the page was opened is not the server's any more.
 * @typedef {"idle" | "connecting" | "open" | "lost" | "ended" | "unknown" | "void"} ConnectionState
 */

/**
 * What surrounds the data: the page's language and colours, and the link that led here.
 * @typedef {object} Surroundings
 * @property {import("../types").Translate} t words in the page's language
 * @property {import("../types").Theme} theme
 * @property {import("./link.js").Linked} linked
 *
 * @typedef {object} RunPart
 * @property {string | null} open id of the open run
 * @property {Run | null} run the open one, once something is known of it
 * @property {RunHeader | null} header
 * @property {RunEvent[]} events in order of steps
 * @property {ConnectionState} connection
 * @property {number} retryIn seconds until the next attempt, when the connection is lost
 * @property {Selection} selection
 * @property {boolean} playing the replay moves on by itself
 * @property {number} duration of the replay of the whole run, in seconds
 * @property {string | null} present id of the chart that stands alone on the screen, empty for the first; null: all do
 *
 * @typedef {object} ExperimentPart
 * @property {string | null} experiment id of the experiment that is open
 * @property {string | null} trial id of the trial that is open
 * @property {boolean} trialUnknown the server has no such trial
 * @property {Trial[]} trials the newest first
 * @property {boolean} pinned the open run was chosen by hand; else it follows the trial
 * @property {boolean | null} resultsShown as chosen; null: once the trial has ended
 * @property {string | null} lit id of the chart in which a part of the verdict is seen
 * @property {number | null} tourStep step of the guided tour, from 0; null: there is none
 *
 * @typedef {object} ServerPart
 * @property {Run[] | null} runs newest first; null before the list has come
 * @property {Experiment[]} experiments
 * @property {Record<string, any> | null} schema JSON Schema of RunConfig
 * @property {boolean} reachable whether the server answered last time
 * @property {boolean} linkChanged the link by which the page was opened lets nobody in any more
 * @property {boolean} drawable what draws the charts is loaded
 * @property {import("../types").Notice | null} problem what was refused; null when all is well
 *
 * @typedef {Surroundings & RunPart & ExperimentPart & ServerPart} State
 */

/**
 * A function for each action of a kind: the state after it.
 * @template {{type: string}} A
 * @typedef {{[K in A["type"]]: (state: State, action: Extract<A, {type: K}>) => State}} Reducers
 */

/** @type {Selection} */
export const FIRST_SELECTION = {
  layer: null,
  step: null,
  told: null,
  compare: 0,
  unit: null,
  charts: null,
  choices: {},
};

/** Nothing loaded, nothing open. @param {Surroundings} surroundings @returns {State} */
export const initialState = (surroundings) => ({
  ...surroundings,
  open: null,
  run: null,
  header: null,
  events: [],
  connection: "idle",
  retryIn: 0,
  selection: { ...FIRST_SELECTION, ...surroundings.linked.selection },
  playing: false,
  duration: 10,
  present: surroundings.linked.present,
  experiment: null,
  trial: null,
  trialUnknown: false,
  trials: [],
  pinned: false,
  resultsShown: null,
  lit: null,
  tourStep: null,
  runs: null,
  experiments: [],
  schema: null,
  reachable: true,
  linkChanged: false,
  drawable: false,
  problem: null,
});

const LIVE = new Set(["queued", "preparing", "running", "paused"]);

/** @param {Run | null} run whether more can come */
export const isLive = (run) => run !== null && LIVE.has(run.state);

/**
 * Whether a run's last frame is in the page: its last update may come after that, and what a script logs may end long
 * before.
 * @param {Run} run @param {number} last step in the page @param {number} arrived share of the frames
 */
export const isWhole = (run, last, arrived) => !isLive(run) && (last >= run.step || arrived >= 1);

/** The state of a run as it is called: one that has lost its place waits, whatever it goes on in. @param {Run} run */
export const calledState = (run) => (run.waiting ? "waiting" : run.state);

/** @param {State} state @param {string | null | undefined} id */
export const experimentOf = (state, id) => state.experiments.find((one) => one.id === id);

/** The open trial, once it is known. @param {State} state */
export const openTrial = (state) => state.trials.find((one) => one.id === state.trial) ?? null;

/** More runs side by side nobody tells apart, and each has a whole page of its own in its frame. */
export const MOST_COMPARED = 8;

/** Ids of all runs that a link asks to compare, each once; null where it asks for none. @param {State} state */
const askedFor = ({ linked: { run, pair } }) =>
  run !== null && pair !== null ? [...new Set([run, ...pair.split(",").filter(Boolean)])] : null;

/** Ids of the runs that are shown side by side, and nothing else. @param {State} state @returns {string[] | null} */
export const pairOf = (state) => askedFor(state)?.slice(0, MOST_COMPARED) ?? null;

/** How many runs a link asks for beyond those. @param {State} state */
export const leftOut = (state) => Math.max(0, (askedFor(state)?.length ?? 0) - MOST_COMPARED);
