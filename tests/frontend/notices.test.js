// What a run's header says of failures of the scope's own, and its summary of steps that are no plain ones.

import assert from "node:assert/strict";
import test from "node:test";

import { noticesOf } from "../../frontend/run/notices.js";
import { runSummaryOf } from "../../frontend/run/summary.js";
import { HEADER, layout, makeScene, NETWORKS, stateOf } from "./scene.js";

const sought = [];
const ACTS = { dismiss: () => {}, retry: () => {}, seek: (step) => sought.push(step) };
const failure = (step, code, message, values = {}) => ({
  time: 0,
  step,
  kind: "note",
  network: "",
  layer: "",
  code,
  values,
  message,
});

test("a failure of the scope's own is told in the run's header, with the step, until it is over", () => {
  const failed = failure(12, "event.probe_layer_failed", "the probe 'units' failed at conv1; training goes on");
  const events = [failure(3, "event.learning_rate_set", "learning rate: 0.1"), failed];
  const [only, ...others] = noticesOf({ ...stateOf(), events }, ACTS);
  assert.deepEqual([only.text, only.bad, others], [`step 12: ${failed.message}`, false, []]);
  only.action.act();
  assert.deepEqual(sought, [12]);
});

test("what of a recording cannot be read is told, once where it is why the run ended, too", () => {
  const state = stateOf();
  const damage = { code: "", values: {}, text: "run.shiftscope is damaged: frames 5 to 8 are missing" };
  const finished = { ...state.run, state: "finished", reason: null, damage };
  assert.deepEqual(
    noticesOf({ ...state, run: finished }, ACTS).map(({ key, text, bad }) => [key, text, bad]),
    [["damage", damage.text, true]],
  );
  const interrupted = { ...finished, state: "interrupted", reason: damage };
  assert.deepEqual(
    noticesOf({ ...state, run: interrupted }, ACTS).map(({ key }) => key),
    ["interrupted"],
  );
});

test("that the whole scope failed is as pressing as a divergence", () => {
  const events = [failure(5, "event.scope_failed", "the scope failed and measures nothing more; training goes on.")];
  assert.ok(noticesOf({ ...stateOf(), events }, ACTS)[0].bad);
});

test("of a probe that failed as a whole it is not told where it had failed before, and the scope stands first", () => {
  const events = [
    failure(1, "event.probe_layer_failed", "units at conv1", { probe: "units" }),
    failure(2, "event.probe_layer_failed", "moments at conv1", { probe: "moments" }),
    failure(3, "event.probe_failed", "units", { probe: "units" }),
    failure(4, "event.scope_failed", "the scope"),
  ];
  assert.deepEqual(
    noticesOf({ ...stateOf(), events }, ACTS).map(({ text }) => text),
    ["step 4: the scope", "step 2: moments at conv1", "step 3: units"],
  );
});

test("of many failures the first are told, and how many more there are", () => {
  const events = Array.from({ length: 5 }, (_, i) => failure(i, "event.probe_failed", `probe ${i} failed.`));
  const told = noticesOf({ ...stateOf(), events }, ACTS).map(({ text }) => text);
  assert.deepEqual(told, [
    "step 0: probe 0 failed.",
    "step 1: probe 1 failed.",
    "step 2: probe 2 failed. 2 more failures are marked on the timeline.",
  ]);
});

/** A run whose first network took four micro-batches a step, skipped two updates on the way and had other mishaps. */
function accumulating(selection = {}) {
  const quantities = ["micro_batches", "skipped_updates", "unseen_updates", "failed_passes"];
  const entries = NETWORKS.flatMap((network) => quantities.map((quantity) => ({ network, quantity })));
  const scene = makeScene({ header: { ...HEADER, layouts: [layout(0, "steps", entries)] }, steps: [], selection });
  for (const [step, mine] of [
    [1, 0, 0, 0],
    [4, 0, 0, 0],
    [4, 2, 1, 1000],
  ].entries())
    scene.history.append({
      stream: 0,
      seq: step + 1,
      step,
      time: 0,
      row: Float32Array.from([...mine, 1, 0, 0, 0]),
    });
  return scene;
}

test("the summary says of how many micro-batches a step was, and how many updates were no plain ones so far", () => {
  const parts = [
    "distributions of 4 micro-batches a step",
    "updates skipped so far: 2",
    "updates without a pass so far: 1",
    "failed passes so far: 1,000",
  ];
  assert.deepEqual(runSummaryOf(accumulating()), [parts.join(" · "), ""]);
  assert.equal(runSummaryOf(accumulating({ step: 1 }))[0], parts[0]);
  assert.equal(runSummaryOf(accumulating({ step: 0 }))[0], "");
});

test("that no measurements come is told with the reason, while the run goes on", () => {
  const absence = { code: "absence.lost", values: {}, text: "there is no connection to its script" };
  const run = { ...stateOf().run, id: "r", state: "running", step: 3, absence };
  const [only, ...others] = noticesOf({ ...stateOf(), run }, ACTS);
  assert.deepEqual(others, []);
  assert.match(only.text, /no connection to its script/);
  assert.ok(!only.bad);
  assert.deepEqual(noticesOf({ ...stateOf(), run: { ...run, absence: null } }, ACTS), []);
});
