/** Wiring only: makes the parts and connects them. */

import { api, Refusal } from "./api.js";
import { Address } from "./app/address.js";
import { byId, h, setText } from "./app/dom.js";
import { chooseLanguage, fillTexts, loadLanguage } from "./app/i18n.js";
import { readLink, writeLink } from "./app/link.js";
import { recall, remember } from "./app/preferences.js";
import { runName } from "./app/server-messages.js";
import { createStore, EMPTY, FIRST_LOOK } from "./app/store.js";
import { readTheme, setTheme } from "./app/theme.js";
import { Stage } from "./charts/chart-grid.js";
import { loadCharts } from "./charts/library.js";
import { makeExperiments } from "./experiments/experiments.js";
import { drawPair, followParent } from "./run/compare.js";
import { makeControls } from "./run/controls.js";
import { describe } from "./run/describe.js";
import { makeSetup } from "./run/new-run.js";
import { drawNotices } from "./run/notices.js";
import { makeRuns } from "./run/run-list.js";
import { makeGlance } from "./run/summary.js";
import { makeTimeline } from "./run/timeline.js";
import { drawWaiting, drawWelcome } from "./run/welcome.js";
import { Session } from "./stream/run-stream.js";
import { VIEWS } from "./views/index.js";

const RECHECK_EVERY = 3000;
const linked = readLink(location.search);
const store = createStore({ ...EMPTY, look: { ...FIRST_LOOK, ...linked.look } });
/** @type {HTMLSelectElement} */
const languages = byId("language");
const known = Array.from(languages.options, (option) => option.value);
let t = await loadLanguage(chooseLanguage(linked.language ?? recall("language"), navigator.languages, known));
/** @type {Session | null} */
let session = null;
let theme = setTheme(linked.theme ?? recall("theme"));
let drawable = false;

const state = () => store.state;
const { dispatch } = store;

/** Do something that the server may refuse; a refusal is shown as a sentence. @param {() => Promise<any>} work */
async function attempt(work) {
  try {
    const answer = await work();
    if (!state().reachable) dispatch({ type: "reachable", reachable: true });
    return answer;
  } catch (reason) {
    if (!(reason instanceof Refusal)) throw reason;
    if (reason.status === 0) dispatch({ type: "reachable", reachable: false });
    else dispatch({ type: "problem", problem: reason.message });
    return null;
  }
}

/** @param {string | null} run */
function open(run) {
  if (run === state().open) return;
  session?.close();
  session = null;
  const before = state().open;
  dispatch({ type: "open", run });
  if (before !== null)
    dispatch({ type: "look", look: { ...FIRST_LOOK, scale: state().look.scale, charts: state().look.charts } });
  const frames = (/** @type {number} */ after) => api.stream(/** @type {string} */ (run), after);
  session = run === null ? null : new Session(frames, dispatch, () => stage.wake());
  stage.views = experiments.views(VIEWS);
  byId("stage").toggleAttribute("data-led", experiments.leads());
  stage.rebuild();
}

const common = { state, dispatch, attempt, t: () => t };
/** @param {import("./types").Run} run */
const opened = (run) => {
  dispatch({ type: "runs", runs: [run, ...(state().runs ?? []).filter((one) => one.id !== run.id)] });
  open(run.id);
};
const setup = makeSetup({ ...common, opened });
/** @param {string} run */
const pair = (run) => location.assign(`${location.pathname}${writeLink(state().open, state().look, { pair: run })}`);
const runs = makeRuns({ ...common, open, pair, again: setup.open, theme: () => theme });
const controls = makeControls(common);
const stage = new Stage(byId("stage"), VIEWS, {
  dispatch,
  state,
  session: () => (drawable ? session : null),
  theme: () => theme,
  t: () => t,
  help,
  hidden: byId("hidden-charts"),
});
const timeline = makeTimeline({
  ...common,
  scene: () => stage.scene(),
  wake: () => stage.wake(),
  arrived: () => session?.received.share ?? 1,
});
const experiments = makeExperiments({
  ...common,
  open,
  settings: setup.open,
  drawable: () => drawable,
  theme: () => theme,
  help,
  refresh: () => {
    refresh();
    writeAddress();
  },
  embed: linked.embed,
});
const address = new Address();
stage.followers.push(timeline.follow, experiments.follow, makeGlance().follow);

/** @param {import("./types").View} view */
function help(view) {
  /** @type {HTMLDialogElement} */
  const dialog = byId("help");
  const close = () => dialog.close();
  dialog.replaceChildren(
    h(
      "div",
      { class: "head" },
      h("h2", { id: "help-title" }, t(`view.${view.id}`)),
      h("button", { type: "button", class: "plain", "aria-label": t("close"), on: { click: close } }, "✕"),
    ),
    h(
      "div",
      { class: "body" },
      ...t(`help.${view.id}`)
        .split("\n")
        .map((text) => h("p", {}, text)),
    ),
  );
  dialog.showModal();
}

/** @param {import("./types").Run} run */
const nameOf = (run) => runName(run, state().experiments, t);

function refresh() {
  const { run, header, open: opened_, runs: list } = state();
  const started = session?.history !== null && header !== null;
  const paired = linked.pair !== null;
  if (!paired) experiments.refresh();
  byId("welcome").hidden = paired || opened_ !== null || list === null || experiments.covers();
  byId("waiting").hidden = paired || (opened_ === null ? list !== null && !experiments.waits() : started && drawable);
  byId("stage").hidden = byId("glance").hidden = opened_ === null || !started;
  if (opened_ === null) byId("timeline").hidden = true;
  byId("run-title").hidden = !run;
  if (run) {
    setText(byId("run-name"), nameOf(run));
    setText(byId("run-state"), t(`state.${run.state}`));
    byId("run-state").dataset.state = run.state;
  }
  document.title = run ? `${nameOf(run)} · Shiftscope` : "Shiftscope";
  controls.refresh();
  runs.refresh();
  drawNotices(byId("notices"), state(), t, {
    dismiss: () => dispatch({ type: "problem", problem: null }),
    retry: () => session?.connection.retry(),
    seek: timeline.seek,
  });
  if (!byId("welcome").hidden)
    drawWelcome(byId("welcome"), state(), t, {
      start: setup.start,
      configure: () => setup.open(linked.config ?? undefined),
      list: runs.open,
    });
  if (!byId("waiting").hidden) drawWaiting(byId("waiting"), state(), t, { list: runs.open, again: setup.open });
}

let arrived = false;
/** The link of what is shown; the one that brought here stands until that is shown. */
function writeAddress() {
  if (!arrived) return;
  const { run, ...place } = experiments.link();
  const { open: opened_, look } = state();
  const { embed, theme, language } = linked;
  const link = writeLink(run, look, { ...place, embed, theme, language, config: opened_ ? null : linked.config });
  address.write(`${location.pathname}${link}`, [run, place.experiment, place.trial].join());
}

let refreshing = false;
store.listen((now, before) => {
  if (now.open !== before.open) writeAddress();
  else if (now.look !== before.look) address.soon(writeAddress);
  stage.wake();
  if (
    now.look !== before.look &&
    now.run === before.run &&
    now.events === before.events &&
    now.problem === before.problem &&
    now.playing === before.playing
  )
    return;
  if (refreshing) return;
  refreshing = true;
  queueMicrotask(() => {
    refreshing = false;
    refresh();
  });
});

function applyLanguage() {
  document.documentElement.lang = t("locale");
  fillTexts(document, t);
  languages.value = t("locale");
  timeline.build();
  stage.rebuild();
  refresh();
}

languages.addEventListener("change", async (/** @type {any} */ event) => {
  t = await loadLanguage(event.target.value);
  remember("language", event.target.value);
  applyLanguage();
});
byId("theme").addEventListener("click", () => {
  theme = setTheme(theme.name === "light" ? "dark" : "light");
  remember("theme", theme.name);
  stage.wake();
  experiments.wake();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  if (!recall("theme")) theme = setTheme(null);
  stage.wake();
});
byId("home").addEventListener("click", (/** @type {Event} */ event) => {
  event.preventDefault();
  experiments.home();
});
addEventListener("popstate", () =>
  address.follow(() => {
    const link = readLink(location.search);
    experiments.show(link);
    dispatch({ type: "look", look: { ...FIRST_LOOK, ...link.look } });
  }),
);
byId("new-run").addEventListener("click", () => setup.open());
byId("show-runs").addEventListener("click", () => runs.open());
byId("copy-link").addEventListener("click", async () => {
  const button = byId("copy-link");
  await navigator.clipboard?.writeText(location.href);
  button.classList.add("done");
  button.title = t("link.copied");
  button.setAttribute("aria-label", t("link.copied"));
  setTimeout(() => {
    button.classList.remove("done");
    fillTexts(document, t);
  }, 2000);
});
for (const event of ["online", "pageshow"]) addEventListener(event, () => session?.connection.retry());
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) session?.connection.retry();
  stage.wake();
});
addEventListener("resize", () => {
  stage.wake();
  experiments.wake();
});

document.body.classList.toggle("embed", linked.embed);
applyLanguage();

/** What tests and benchmarks reach for; nothing of the page depends on it. */
Object.assign(globalThis, { shiftscope: { store, stage, session: () => session, readTheme } });

async function load() {
  const [list, catalogue, schema] = await Promise.all([
    attempt(api.runs),
    attempt(api.experiments),
    attempt(api.schema),
  ]);
  if (catalogue) dispatch({ type: "experiments", experiments: catalogue });
  if (schema) dispatch({ type: "schema", schema });
  if (!list) return void setTimeout(load, RECHECK_EVERY);
  dispatch({ type: "runs", runs: list });
  await experiments.load();
}
if (linked.run && linked.pair) {
  await load();
  const names = [linked.run, linked.pair].map((id) => {
    const run = state().runs?.find((one) => one.id === id);
    return run ? `${nameOf(run)} · ${describe(run, t)}` : id;
  });
  byId("welcome").hidden = byId("waiting").hidden = true;
  byId("pair").hidden = false;
  drawPair(byId("pair"), [linked.run, linked.pair], state().look, { language: t("locale"), theme: theme.name, names });
} else {
  if (linked.embed) followParent(store);
  if (linked.run && !linked.trial) open(linked.run);
  const loading = load();
  loadCharts(
    () => {
      drawable = true;
      refresh();
      stage.wake();
    },
    (problem) => dispatch({ type: "problem", problem }),
  );
  await loading;
  if (linked.trial || linked.experiment) experiments.show(linked);
  arrived = true;
  writeAddress();
}
