import assert from "node:assert/strict";
import test from "node:test";

import { reduce } from "../../frontend/app/store.js";
import { changedBeyondSelection } from "../../frontend/page/page.js";
import { linkOf } from "../../frontend/page/page-link.js";
import { sectionsOf } from "../../frontend/page/sections.js";
import { stateOf } from "./scene.js";

const experiments = [{ id: "depth", layer: "", tour: [], views: [] }];
const trial = { id: "t", experiment: "depth", created: 1, ended: false, runs: [] };
const run = { id: "r", state: "running", step: 0, trial: null };
const after = (link, ...actions) => actions.reduce(reduce, stateOf(link));
const LOADED = [
  { type: "experiments", experiments },
  { type: "runs", runs: [] },
];
const BEGUN = [
  { type: "open", run: "r" },
  { type: "run", run, header: { networks: [] }, events: [] },
];
const shown = (state) =>
  Object.entries(sectionsOf(state))
    .filter(([, visible]) => visible)
    .map(([id]) => id)
    .sort();

test("before the list of runs has come the page waits, then it welcomes", () => {
  assert.deepEqual(shown(after("")), ["waiting"]);
  assert.deepEqual(shown(after("", ...LOADED)), ["gallery", "welcome"]);
  assert.deepEqual(shown(after("", LOADED[1])), ["welcome"]);
});

test("an experiment stands where the welcome would", () => {
  const open = { type: "navigate", route: { experiment: "depth" } };
  assert.deepEqual(shown(after("", ...LOADED, open)), ["experiment"]);
});

test("a run waits until its stream has begun and the charts can be drawn", () => {
  assert.deepEqual(shown(after("", ...LOADED, { type: "open", run: "r" })), ["waiting"]);
  const begun = ["axis-bar", "chart-grid", "controls", "present-start", "run-summary", "run-title", "story"];
  assert.deepEqual(shown(after("", ...LOADED, ...BEGUN)), [...begun, "waiting"].sort());
  assert.deepEqual(shown(after("", ...LOADED, ...BEGUN, { type: "drawable" })), begun);
});

test("a trial has its bar, its results once it has ended, and its tour, which is not embedded", () => {
  const open = { type: "navigate", route: { trial: "t" } };
  assert.deepEqual(shown(after("", ...LOADED, open)), ["waiting"]);
  assert.deepEqual(shown(after("", ...LOADED, open, { type: "trial", trial })), ["trial", "waiting"]);
  const ended = { type: "trial", trial: { ...trial, ended: true } };
  assert.ok(sectionsOf(after("", ...LOADED, open, ended)).outcome);
  assert.ok(!sectionsOf(after("", ...LOADED, open, ended, { type: "results", shown: false })).outcome);
  const guided = [...LOADED, open, ended, { type: "tour", step: 0 }];
  assert.deepEqual(
    [sectionsOf(after("", ...guided)).guide, sectionsOf(after("?embed", ...guided)).guide],
    [true, false],
  );
});

test("a pair of runs is shown alone", () => {
  assert.deepEqual(shown(after("?run=a&pair=b", ...LOADED)), ["pair"]);
});

test("the page is drawn anew for all but the selection", () => {
  const state = after("", ...LOADED);
  assert.ok(!changedBeyondSelection(reduce(state, { type: "select", selection: { step: 3 } }), state));
  assert.ok(changedBeyondSelection(reduce(state, { type: "playing", playing: true }), state));
  assert.ok(changedBeyondSelection(reduce(state, { type: "open", run: "r" }), state));
});

test("the link names what is open, within a trial only a run that was chosen, and keeps what it came with", () => {
  const linked = "?embed&lang=ko&theme=dark";
  const state = after(linked, ...LOADED, ...BEGUN, { type: "select", selection: { step: 4 } });
  assert.equal(linkOf(state), "?run=r&step=4&embed&lang=ko&theme=dark");
  const started = { ...trial, runs: [{ label: "", seed: 0, run: { ...run, trial: { id: "t" } } }] };
  const following = after("", ...LOADED, { type: "trial_started", trial: started });
  assert.equal(linkOf(following), "?trial=t");
  assert.equal(linkOf(reduce(following, { type: "pin_run", run: "r" })), "?trial=t&run=r");
  const config = '?config={"seed":3}';
  assert.match(linkOf(after(config)), /^\?config=/);
  assert.equal(linkOf(after(config, ...LOADED, ...BEGUN)), "?run=r");
});
