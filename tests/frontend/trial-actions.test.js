import assert from "node:assert/strict";
import test from "node:test";

import { translator } from "../../frontend/app/i18n.js";
import { openTrial } from "../../frontend/app/state.js";
import { reduce } from "../../frontend/app/store.js";
import { changedRuns } from "../../frontend/experiments/trial-state.js";
import { stateOf } from "./scene.js";

const tour = ["ridges", "loss"].map((view) => ({ view, text: view, run: "" }));
const run = (id, state = "running", trial = null) => ({ id, state, step: 0, trial });
const trialOf = (id, ...states) => ({
  id,
  experiment: "depth",
  created: 1,
  ended: false,
  runs: states.map((state, i) => ({ label: "", seed: 0, run: run(`${id}${i}`, state, { id }) })),
});
const experiments = [{ id: "depth", layer: "hidden 2", tour, views: [] }];
const after = (state, ...actions) => actions.reduce(reduce, state);
const loaded = (link) => after(stateOf(link), { type: "experiments", experiments }, { type: "runs", runs: [] });
const opened = (state, trial, run_ = null) => after(state, { type: "navigate", route: { trial, run: run_ } });
const placesOf = ({ experiment, trial, open }) => [experiment, trial, open];

test("a trial that is started opens, with its first run, the layer that matters and the guided tour", () => {
  const state = after(loaded(), { type: "trial_started", trial: trialOf("t", "running", "queued") });
  assert.deepEqual(placesOf(state), [null, "t", "t0"]);
  assert.equal(state.selection.layer, "hidden 2");
  assert.equal(state.tourStep, 0);
  const embedded = after(loaded("?embed"), { type: "trial_started", trial: trialOf("t", "running") });
  assert.equal(embedded.tourStep, null);
});

test("the open run follows the trial, and the selection stays but for the step", () => {
  let state = after(
    loaded(),
    { type: "trial_started", trial: trialOf("t", "running", "queued") },
    { type: "select", selection: { layer: "hidden 1", compare: 5, step: 7, unit: 3 } },
    { type: "trial", trial: trialOf("t", "finished", "running") },
  );
  assert.equal(state.open, "t1");
  assert.deepEqual(
    [state.selection.layer, state.selection.compare, state.selection.step, state.selection.unit],
    ["hidden 1", 5, null, null],
  );
  state = after(state, { type: "pin_run", run: "t0" }, { type: "trial", trial: trialOf("t", "finished", "running") });
  assert.equal(state.open, "t0");
  assert.equal(after(state, { type: "trial", trial: trialOf("other", "running") }).open, "t0");
});

test("a link to a trial may name the step, and a run that then stays", () => {
  const linked = opened(loaded("?trial=t&step=9"), "t");
  assert.deepEqual(placesOf(linked), [null, "t", null]);
  const state = after(linked, { type: "trial", trial: trialOf("t", "finished", "finished") });
  assert.deepEqual([state.open, state.selection.step], ["t0", 9]);
  const pinned = after(opened(loaded(), "t", "t1"), { type: "trial", trial: trialOf("t", "running", "queued") });
  assert.deepEqual([pinned.open, pinned.pinned], ["t1", true]);
});

test("another trial lets go of what was chosen of the last one, the same one does not", () => {
  const shown = after(
    loaded(),
    { type: "trial_started", trial: trialOf("t", "running") },
    { type: "results", shown: true },
  );
  assert.deepEqual([opened(shown, "t").resultsShown, opened(shown, "t").tourStep], [true, 0]);
  assert.deepEqual([opened(shown, "u").resultsShown, opened(shown, "u").tourStep], [null, null]);
  assert.equal(openTrial(opened(shown, "u")), null);
});

test("a run opened by itself opens its trial, and one of no trial closes what is open", () => {
  const listed = after(loaded(), { type: "runs", runs: [run("t0", "running", { id: "t" }), run("alone")] });
  const adopted = after(listed, { type: "open", run: "t0" });
  assert.deepEqual([...placesOf(adopted), adopted.pinned], [null, "t", "t0", true]);
  assert.deepEqual(placesOf(after(adopted, { type: "open", run: "alone" })), [null, null, "alone"]);
  // What is not in the list is known once its stream has begun.
  const later = after(loaded(), { type: "open", run: "t0" });
  assert.equal(later.trial, null);
  const begun = after(later, { type: "run", run: run("t0", "running", { id: "t" }), header: null, events: [] });
  assert.equal(begun.trial, "t");
});

test("an experiment, the gallery and a run alone each close all else", () => {
  const state = after(loaded(), { type: "trial_started", trial: trialOf("t", "running") });
  const open = (to) => placesOf(after(state, { type: "navigate", route: to }));
  assert.deepEqual(open({ experiment: "depth" }), ["depth", null, null]);
  assert.deepEqual(open({}), [null, null, null]);
  assert.deepEqual(open({ run: "r" }), [null, null, "r"]);
  assert.deepEqual(placesOf(after(state, { type: "trial_unknown" })).slice(0, 2), [null, null]);
  const gone = after(loaded(), { type: "navigate", route: { trial: "gone" } }, { type: "trial_unknown" });
  assert.deepEqual([gone.trial, gone.trialUnknown, gone.problem], ["gone", true, null]);
  assert.equal(after(gone, { type: "navigate", route: {} }).trialUnknown, false);
});

test("the guided tour shows the chart it is at, even one that was hidden", () => {
  const state = after(loaded("?charts=ridges"), { type: "trial_started", trial: trialOf("t", "running") });
  const first = after(state, { type: "select", selection: { charts: ["ridges"] } }, { type: "tour", step: 0 });
  assert.deepEqual(first.selection.charts, ["ridges"]);
  assert.deepEqual(after(first, { type: "tour", step: 1 }).selection.charts, ["ridges", "loss"]);
  assert.equal(after(first, { type: "tour", step: null }).tourStep, null);
});

test("another run keeps how and which charts are drawn, and lets go of the rest", () => {
  const selection = { layer: "hidden 1", step: 3, choices: { scale: "value" }, charts: ["loss"] };
  const state = after(loaded(), { type: "open", run: "a" }, { type: "select", selection }, { type: "open", run: "b" });
  assert.deepEqual(
    [state.selection.layer, state.selection.step, state.selection.choices.scale, state.selection.charts],
    [null, null, "value", ["loss"]],
  );
  // The first run has what the link asked for.
  assert.equal(after(loaded("?layer=x"), { type: "open", run: "a" }).selection.layer, "x");
});

test("a run that is deleted closes, and leaves the list", () => {
  const state = after(loaded(), { type: "started", run: run("a") }, { type: "started", run: run("b") });
  assert.deepEqual(
    state.runs.map(({ id }) => id),
    ["b", "a"],
  );
  const left = after(state, { type: "removed", run: "b" });
  assert.deepEqual([left.open, left.runs.length], [null, 1]);
  assert.equal(after(state, { type: "removed", run: "a" }).open, "b");
});

test("a part of the verdict leads to its run, its step and its chart, which stays lit until something else is", () => {
  const trial = trialOf("t", "finished", "running", "queued");
  trial.runs.forEach((one, i) => {
    one.label = `run ${i}`;
  });
  const shown = after(opened(loaded("?charts=loss"), "t"), { type: "trial", trial });
  const seen = (more) =>
    after(shown, { type: "evidence", evidence: { view: "shift", run: "", step: null, choices: {}, ...more } });
  const state = seen({ run: "run 0", step: 40, choices: { drift: "of its own" } });
  assert.deepEqual([state.open, state.lit, state.selection.step], ["t0", "shift", 40]);
  assert.deepEqual(state.selection.choices, { drift: "of its own" });
  assert.equal(seen({}).open, "t1");
  assert.deepEqual(seen({}).selection.charts, ["loss", "shift"]);
  assert.equal(seen({ run: "run 2" }).open, "t1");
  assert.equal(after(state, { type: "tour", step: 0 }).lit, null);
});

test("a run that was changed by hand is named, where it was changed back too", () => {
  const t = translator("en");
  const config = { optimizer: { learning_rate: 0.1 } };
  const trial = (runs, reason = null) => ({
    ...trialOf("t"),
    reason,
    runs: runs.map((more, i) => ({
      label: `run ${i}`,
      seed: 0,
      run: { ...run(`t${i}`), learning_rate: null, ...more },
    })),
  });
  assert.deepEqual(changedRuns(trial([{ config }, { config, learning_rate: 0.1, interventions: {} }]), t), []);
  assert.deepEqual(changedRuns(trial([{ config, learning_rate: 0.2 }, { interventions: { a: { noise: 1 } } }]), t), [
    "run 0",
    "run 1",
  ]);
  const code = "undecided.changed";
  assert.deepEqual(changedRuns(trial([{ config }], { code, values: { run: "run 0" }, text: "" }), t), ["run 0"]);
  assert.deepEqual(changedRuns(trial([{ config }], { code: "undecided.going_on", values: {}, text: "" }), t), []);
});
