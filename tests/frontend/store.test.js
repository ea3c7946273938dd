import assert from "node:assert/strict";
import test from "node:test";

import { createStore, reduce } from "../../frontend/app/store.js";
import { stateOf } from "./scene.js";

const EMPTY = stateOf();

const run = (id, more = {}) => ({ id, name: id, state: "running", step: 0, ...more });
const event = (step, kind = "note") => ({ time: step, step, kind, message: "", network: "", layer: "" });
const after = (...actions) => actions.reduce(reduce, EMPTY);
const freeze = (value) => {
  if (value && typeof value === "object") Object.values(value).forEach(freeze);
  return Object.freeze(value);
};

test("the reducer changes nothing that it is given", () => {
  const state = freeze({ ...EMPTY, open: "a", runs: [run("a")], events: [event(3)] });
  for (const action of [
    { type: "run", run: run("a", { step: 3 }), header: null, events: [event(5), event(1)] },
    { type: "event", event: event(1) },
    { type: "state", run: run("a", { state: "paused" }) },
    { type: "removed", run: "a" },
    { type: "select", selection: { step: 3 } },
  ])
    assert.notEqual(reduce(state, freeze(action)), state);
});

test("opening a run forgets the last one's header and events", () => {
  const state = after(
    { type: "open", run: "a" },
    { type: "run", run: run("a"), header: { networks: [] }, events: [event(1)] },
    { type: "open", run: "b" },
  );
  assert.deepEqual([state.header, state.events, state.run, state.connection], [null, [], null, "connecting"]);
});

test("a message of a run that is no longer open is dropped", () => {
  const state = after(
    { type: "open", run: "b" },
    { type: "run", run: run("a"), header: { networks: [] }, events: [] },
  );
  assert.equal(state.run, null);
  assert.equal(state.header, null);
});

test("events stand in order, each once, however often the stream says them", () => {
  const state = after(
    { type: "open", run: "a" },
    { type: "run", run: run("a"), header: null, events: [event(5), event(2)] },
    { type: "event", event: event(5) },
    { type: "event", event: event(3) },
  );
  assert.deepEqual(
    state.events.map((one) => one.step),
    [2, 3, 5],
  );
});

test("an answer that comes after later news changes nothing", () => {
  const paused = after(
    { type: "runs", runs: [run("a")] },
    { type: "open", run: "a" },
    { type: "state", run: run("a", { state: "paused", step: 11 }) },
  );
  assert.equal(reduce(paused, { type: "state", run: run("a", { state: "paused", step: 10 }) }), paused);
  assert.equal(reduce(paused, { type: "state", run: run("a", { state: "running", step: 11 }) }).run.state, "running");
});

test("a run's new state reaches the list too", () => {
  const state = after(
    { type: "runs", runs: [run("b"), run("a")] },
    { type: "open", run: "a" },
    { type: "state", run: run("a", { state: "paused" }) },
  );
  assert.equal(state.run.state, "paused");
  assert.deepEqual(
    state.runs.map((one) => one.state),
    ["running", "paused"],
  );
});

test("a run that the list does not know comes first", () => {
  assert.deepEqual(
    after({ type: "runs", runs: [run("a")] }, { type: "state", run: run("b") }).runs.map((one) => one.id),
    ["b", "a"],
  );
});

test("listeners hear of changes only", () => {
  const store = createStore(EMPTY);
  let heard = 0;
  store.listen(() => heard++);
  store.dispatch({ type: "open", run: null });
  assert.equal(heard, 0);
  store.dispatch({ type: "open", run: "a" });
  assert.equal(heard, 1);
});
