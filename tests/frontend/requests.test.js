import assert from "node:assert/strict";
import test from "node:test";

import { Refusal } from "../../frontend/api.js";
import { createStore } from "../../frontend/app/store.js";
import { Throttle } from "../../frontend/app/throttle.js";
import { Readings } from "../../frontend/experiments/trial-readings.js";
import { followTrials } from "../../frontend/experiments/trial-updates.js";
import { attempts } from "../../frontend/run/attempt.js";
import { stateOf } from "./scene.js";

const settled = () => new Promise(setImmediate);
const refuse = (message, status) => () => Promise.reject(new Refusal(message, status));
const trialOf = (more = {}) => ({ id: "t", experiment: "e", created: 1, ended: false, runs: [], ...more });

test("a refusal becomes the page's problem, silence of the server a state of its own", async () => {
  const store = createStore(stateOf());
  const attempt = attempts(store);
  assert.equal(await attempt(refuse("no such run", 404)), null);
  assert.deepEqual([store.state.problem, store.state.reachable], ["no such run", true]);
  assert.equal(await attempt(refuse("failed to fetch", 0)), null);
  assert.equal(store.state.reachable, false);
  assert.equal(await attempt(async () => 3), 3);
  assert.equal(store.state.reachable, true);
});

test("an error of the page's own is none of the server's", async () => {
  const attempt = attempts(createStore(stateOf()));
  await assert.rejects(
    attempt(() => Promise.reject(new TypeError("ours"))),
    TypeError,
  );
});

/** The open trial, asked for from answers that are given one after the other. */
function following(...answers) {
  const store = createStore(stateOf());
  const timers = [];
  const asked = [];
  const ask = (id) => {
    asked.push(id);
    return answers.shift()();
  };
  followTrials(store, attempts(store), { ask, later: (act) => timers.push(act) });
  const open = (trial) => store.dispatch({ type: "navigate", route: { trial } });
  return { store, timers, asked, open };
}

test("the open trial is asked for until it has ended", async () => {
  const { store, timers, asked, open } = following(
    async () => trialOf(),
    async () => trialOf({ ended: true }),
  );
  open("t");
  await settled();
  assert.deepEqual([asked.length, timers.length, store.state.trials[0].ended], [1, 1, false]);
  timers[0]();
  await settled();
  assert.deepEqual([asked.length, timers.length, store.state.trials[0].ended], [2, 1, true]);
});

test("while the server is silent the trial is asked for again, an unknown one is not", async () => {
  const { store, timers, open } = following(refuse("", 0), refuse("no trial t", 404));
  open("t");
  await settled();
  assert.deepEqual([timers.length, store.state.trial], [1, "t"]);
  store.dispatch({ type: "reachable", reachable: true });
  timers[0]();
  await settled();
  assert.deepEqual([timers.length, store.state.trial, store.state.trialUnknown], [1, "t", true]);
});

test("an answer about a trial that is no longer open changes nothing", async () => {
  const { store, timers, open } = following(
    async () => trialOf(),
    () => new Promise(() => {}),
  );
  open("t");
  open("u");
  await settled();
  assert.deepEqual([timers.length, store.state.trials.length], [0, 0]);
});

test("of many wishes the newest is done, some times a second", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  let now = 0;
  const done = [];
  const throttle = new Throttle(100, () => now);
  for (const wish of [1, 2, 3]) throttle.soon(() => done.push(wish));
  assert.deepEqual(done, [1]);
  now = 100;
  context.mock.timers.tick(100);
  assert.deepEqual(done, [1, 3]);
});

test("each run of a trial is read once it has finished, and again after it could not be read", async () => {
  const asked = [];
  let fails = true;
  let changes = 0;
  const readings = new Readings(
    () => changes++,
    async (run) => {
      asked.push(run);
      if (run === "b" && fails) throw new Error("the stream broke");
      return { networks: [], curves: [], data: {} };
    },
  );
  const runs = ["finished", "finished", "running"].map((state, i) => ({ run: { id: "abc"[i], state } }));
  await readings.read(trialOf({ runs }));
  assert.deepEqual([asked, [...readings.byRun.keys()], changes], [["a", "b"], ["a"], 1]);
  fails = false;
  await readings.read(trialOf({ runs }));
  assert.deepEqual([asked, changes], [["a", "b", "b"], 2]);
});
