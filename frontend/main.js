/** Wiring only: makes the parts of the page and connects them. */

import { api } from "./api.js";
import { byId } from "./app/dom.js";
import { goingTo, happeningsOf } from "./app/happenings.js";
import { chooseLanguage, loadLanguage } from "./app/i18n.js";
import { readLink, writeLink } from "./app/link.js";
import { recall } from "./app/preferences.js";
import { plain } from "./app/server-messages.js";
import { initialState, pairOf } from "./app/state.js";
import { createStore } from "./app/store.js";
import { readTheme, setTheme } from "./app/theme.js";
import { AxisBar } from "./charts/axis-bar.js";
import { ChartGrid } from "./charts/chart-grid.js";
import { shownOf, usualOf, viewsOf } from "./charts/levels.js";
import { loadCharts } from "./charts/library.js";
import { lightChart } from "./charts/light.js";
import { printCharts } from "./charts/printed.js";
import { arranged, including } from "./charts/selection.js";
import { Experiments, trialExperiment } from "./experiments/experiments.js";
import { followTrials, startTrial } from "./experiments/trial-updates.js";
import { Audience } from "./page/audience.js";
import { connectBar, drawTexts, offeredLanguages } from "./page/bar.js";
import { CostDialog } from "./page/cost-dialog.js";
import { load } from "./page/load.js";
import { OpenRun } from "./page/open-run.js";
import { Page } from "./page/page.js";
import { PageLink } from "./page/page-link.js";
import { Presenter } from "./page/present.js";
import { attempts } from "./run/attempt.js";
import { Changes } from "./run/changes.js";
import { drawPair, followParent } from "./run/compare.js";
import { Controls } from "./run/controls.js";
import { NewRun } from "./run/new-run.js";
import { RunList } from "./run/run-list.js";
import { SampleStrip } from "./run/samples.js";
import { Story } from "./run/story.js";
import { makeRunSummary } from "./run/summary.js";
import { Timeline } from "./run/timeline.js";
import { CHOICES, LEVELS } from "./views/index.js";

/** @typedef {import("./app/happenings.js").Happening} Happening */

const linked = readLink(location.search, CHOICES);
const t = await loadLanguage(
  chooseLanguage(linked.language ?? recall("language"), navigator.languages, offeredLanguages()),
);
const store = createStore(initialState({ t, theme: setTheme(linked.theme ?? recall("theme")), linked }));
const { dispatch } = store;
const languages = offeredLanguages();
if (linked.language !== null && !languages.includes(linked.language))
  dispatch({
    type: "problem",
    problem: plain(t("language.unknown", { language: linked.language, known: languages.join(", ") })),
  });
const attempt = attempts(store);
const read = { state: () => store.state, t: () => store.state.t, theme: () => store.state.theme };

/** Do something to networks of the open run. @param {Record<string, Record<string, any>>} networks */
async function intervene(networks) {
  const { run } = store.state;
  const answer = run && (await attempt(() => api.change(run.id, { networks })));
  if (answer) dispatch({ type: "state", run: answer });
}

const openRun = new OpenRun(store, () => grid.wake());
const newRun = new NewRun(store, attempt);
/** @param {string | null} run @param {string} pair ids of the others, with commas */
const compare = (run, pair) =>
  location.assign(`${location.pathname}${writeLink(run, store.state.selection, { pair })}`);
const runs = new RunList(store, attempt, {
  again: (config) => newRun.open(config),
  compare: (run, others) => compare(run, others.join()),
});
/** The share of the open run's frames that is in the page. */
const arrived = () => openRun.stream?.received.share(store.state.run?.seq) ?? 1;
const grid = new ChartGrid(byId("chart-grid"), LEVELS, {
  ...read,
  dispatch: (action) => (action.type === "intervene" ? void intervene(action.networks) : dispatch(action)),
  arrived,
  present: (view) => presenter.begin(view),
  stream: () => (store.state.drawable ? openRun.stream : null),
  hidden: byId("hidden-charts"),
});
/** Scrub to what happened, and light the chart in which it can be seen. @param {Happening} happening */
function show(happening) {
  const { layer, view } = happening;
  const { present, selection, events } = store.state;
  const { charts } = selection;
  const alone = present !== null;
  const shown = view && !alone ? including(viewsOf(grid.levels), charts, view, usualOf(grid.levels)) : charts;
  const gone = goingTo(happeningsOf(events), happening);
  dispatch({ type: "playing", playing: false });
  if (view && alone) dispatch({ type: "present", view });
  dispatch({ type: "select", selection: { ...gone, charts: shown, ...(layer ? { layer } : {}) } });
  // A card that was hidden comes with the next frame.
  requestAnimationFrame(() => requestAnimationFrame(() => lightChart(byId("chart-grid"), view)));
}
const story = new Story(show);
const timeline = new Timeline({
  ...read,
  dispatch,
  scene: () => grid.scene(),
  wake: () => grid.wake(),
  arrived,
  show,
});
const experiments = new Experiments(store, {
  startTrial: (experiment, quick) => void startTrial(store, attempt, experiment, quick),
  settings: (config) => newRun.open(config),
  draw: () => page.draw(),
});
const samples = new SampleStrip(store, () => grid.scene());
const costs = new CostDialog(store, () => grid.scene());
const presenter = new Presenter(store, {
  show,
  toggle: () => timeline.toggle(),
  views: () => viewsOf(grid.levels),
  scene: () => grid.scene(),
});
const watchers = linked.embed || pairOf(store.state) ? null : new Audience(store, (view) => experiments.open(view));
const parts = [
  ...(watchers ? [watchers] : []),
  experiments,
  new Controls(store, attempt),
  new Changes(store, attempt, compare),
  runs,
  samples,
  costs,
  presenter,
];
const page = new Page(store, parts, {
  start: (config) => newRun.start(config),
  home: () => experiments.home(),
  configure: () => newRun.open(linked.config ?? undefined),
  again: (config) => newRun.open(config),
  list: () => runs.open(),
  dismiss: () => dispatch({ type: "problem", problem: null }),
  retry: () => openRun.retry(),
  seek: (step) => timeline.seek(step),
});
const link = new PageLink(store, (route) => experiments.open(route));
const axisBar = new AxisBar(byId("axis-bar"), { dispatch, scene: () => grid.scene() });
grid.followers.push(
  (scene) => axisBar.follow(scene),
  (scene, now) => timeline.follow(scene, now),
  () => experiments.follow(),
  () => costs.follow(),
  (scene) => story.follow(scene),
  (scene) => presenter.follow(scene),
  makeRunSummary().follow,
  (_scene, now) => samples.follow(now),
);
printCharts(byId("printed"), {
  scene: () => grid.scene(),
  views: () => shownOf(grid.levels, store.state.selection.charts, null),
});
followTrials(store, attempt);
connectBar(store, {
  home: () => experiments.home(),
  newRun: () => newRun.open(),
  runs: () => runs.open(),
});

/** The charts of the open run; those that matter to its experiment first. */
function arrangeCharts() {
  const first = trialExperiment(store.state)?.views ?? [];
  grid.levels = arranged(LEVELS, first);
  grid.rebuild();
}

function translate() {
  drawTexts(store.state);
  timeline.build();
  grid.rebuild();
}

store.listen((now, before) => {
  if (now.open !== before.open) arrangeCharts();
  if (now.t !== before.t) translate();
  if (now.theme !== before.theme || now.selection.choices !== before.selection.choices) experiments.wake();
  grid.wake();
});
for (const event of ["online", "pageshow"]) addEventListener(event, () => openRun.retry());
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) openRun.retry();
  grid.wake();
});
byId("story").addEventListener("shiftscope:story", () => grid.wake());
addEventListener("resize", () => {
  grid.wake();
  experiments.wake();
});

/** What tests and benchmarks reach for; nothing of the page depends on it. */
Object.assign(globalThis, { shiftscope: { store, grid, stream: () => openRun.stream, readTheme } });

document.body.classList.toggle("embed", linked.embed);
translate();
page.draw();
/** Ask for what draws the charts. */
const draws = () =>
  loadCharts(
    () => dispatch({ type: "drawable" }),
    (file) => dispatch({ type: "problem", problem: plain(store.state.t("not_loaded", { file })) }),
  );
const pair = pairOf(store.state);
if (pair) {
  await load(store, attempt);
  drawPair(byId("pair"), pair, store);
  draws();
} else {
  if (linked.embed) followParent(store);
  if (linked.run && !linked.trial) dispatch({ type: "open", run: linked.run });
  const loading = load(store, attempt);
  draws();
  await loading;
  if (linked.trial || linked.experiment) experiments.open(linked);
  link.begin();
}
