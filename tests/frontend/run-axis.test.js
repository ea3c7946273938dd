// The axes along a run: what they count, the stretch that they show, and where a step stands on them.

import assert from "node:assert/strict";
import test from "node:test";

import { isLinked } from "../../frontend/views/common.js";
import { density } from "../../frontend/views/density.js";
import { gradients } from "../../frontend/views/gradients.js";
import { loss } from "../../frontend/views/loss.js";
import { moments } from "../../frontend/views/moments.js";
import {
  positionsShown,
  runAxisKinds,
  runRange,
  wholeRange,
  zoomOf,
  zoomText,
} from "../../frontend/views/run-axis.js";
import { shift } from "../../frontend/views/shift.js";
import { makeScene } from "./scene.js";

const STEPS = [0, 1, 2, 50];

const sceneWith = (choices, { steps_per_epoch = null, ...more } = {}) => {
  const scene = makeScene({ steps: STEPS, selection: { choices }, ...more });
  return { ...scene, run: { ...scene.run, steps_per_epoch } };
};
const axisOf = (view, scene) => view.figure(scene).layout.xaxis;

test("a run can be seen by step, time and loss, and by epoch where its length is known", () => {
  assert.deepEqual(runAxisKinds(sceneWith({})), ["step", "time", "loss"]);
  assert.deepEqual(runAxisKinds(sceneWith({}, { steps_per_epoch: 10 })), ["step", "epoch", "time", "loss"]);
  assert.deepEqual(axisOf(loss, sceneWith({ x: "epoch" })).range, [0, 64]);
});

test("all charts along the run show the chosen stretch, and fit their values to it", () => {
  const scene = sceneWith({ zoom: "1..3" });
  for (const view of [loss, gradients, moments, density, shift]) {
    assert.deepEqual(axisOf(view, scene).range, [1, 3], view.id);
    assert.ok(isLinked(axisOf(view, scene)), view.id);
    assert.notEqual(view.key(scene), view.key(sceneWith({})), view.id);
  }
  const [line] = moments.series(scene);
  assert.deepEqual(positionsShown(scene, line), [1, 3]);
  // The plain network's output moves by 1.5 in 50 steps, of which 2 are shown.
  assert.ok(moments.figure(scene).layout.yaxis.range[1] < 0.1);
  assert.ok(moments.figure(sceneWith({})).layout.yaxis.range[1] > 1.5);
});

test("a stretch is written in the link, and what is none is all of the run", () => {
  assert.equal(zoomText([300.123456, 600]), "300.12..600");
  for (const zoom of [undefined, "", "3", "a..b", "2..2"]) assert.equal(zoomOf(sceneWith({ zoom })), null, zoom);
});

test("places are steps of the run in epochs, in seconds, or where its network's loss was as low", () => {
  const of = (scene) => gradients.figure(scene).data.find(({ name }) => name === "without BN · output").x;
  assert.deepEqual(of(sceneWith({ x: "epoch" }, { steps_per_epoch: 2 })), [0, 0.5, 1, 25]);
  assert.deepEqual(of(sceneWith({ x: "time" })), STEPS);
  // The losses are 1/1, 1/2, 1/3 and 1/51: their running mean falls.
  const found = of(sceneWith({ x: "loss" }));
  for (const [i, mean] of [1, 3 / 4, 11 / 18].entries())
    assert.ok(Math.abs(found[i] - mean) < 1e-6, `${found[i]} is not ${mean}`);
  const axis = axisOf(gradients, sceneWith({ x: "loss" }));
  assert.equal(axis.type, "log");
  assert.ok(axis.range[0] > axis.range[1]);
});

test("a loss that rises leaves the network where it was, and one that is lost leaves it there for good", () => {
  const scene = sceneWith({ x: "loss" }, { broken: [2, 50] });
  const { x } = gradients.figure(scene).data.find(({ name }) => name === "without BN · output");
  assert.deepEqual(x.slice(1), [0.75, 0.75, 0.75]);
  assert.ok(wholeRange(scene).every(Number.isFinite));
});

test("a label and a click know the step, whatever the axis counts", () => {
  const scene = sceneWith({ x: "loss" });
  const [trace] = gradients.figure(scene).data;
  assert.deepEqual(
    trace.customdata.map((numbers) => numbers[2]),
    STEPS,
  );
  assert.match(trace.hovertemplate, /step %\{customdata\[2\]\}/);
  assert.deepEqual(gradients.pick(scene, { x: 0.5, customdata: [1, 1, 50], data: trace }).step, 50);
});

test("maps of steps stay maps of steps, and take no stretch that is none of theirs", () => {
  const scene = sceneWith({ x: "time", zoom: "1..3" });
  assert.deepEqual(axisOf(shift, scene).range, [0, 64]);
  assert.ok(!isLinked(axisOf(shift, scene)));
  assert.deepEqual(runRange(scene), [1, 3]);
});

test("smoothing is chosen: off, or over so many values", () => {
  const means = (smoothing) =>
    new Set(gradients.series(sceneWith(smoothing ? { smoothing } : {})).map((one) => one.mean));
  assert.deepEqual([...means()], [15]);
  assert.deepEqual([...means("50")], [50]);
  assert.deepEqual([...means("1")], [undefined]);
  assert.ok(!gradients.legend(sceneWith({ smoothing: "1" })).some(({ text }) => text.includes("running mean")));
});

test("axes of values are logarithmic where that suits, or all linear", () => {
  assert.equal(gradients.figure(sceneWith({})).layout.yaxis.type, "log");
  const linear = sceneWith({ y: "linear" });
  assert.notEqual(gradients.figure(linear).layout.yaxis.type, "log");
  assert.ok(gradients.figure(linear).layout.yaxis.range[1] > 0.9);
  assert.notEqual(gradients.key(linear), gradients.key(sceneWith({})));
});
