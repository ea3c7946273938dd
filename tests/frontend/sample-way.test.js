// The way of a followed sample under the microscope: its own numbers, layer by layer, as the stream has them.

import assert from "node:assert/strict";
import test from "node:test";

import { VIEWS } from "../../frontend/views/index.js";
import { HEADER, layout, makeScene, NETWORKS } from "./scene.js";

const microscope = VIEWS.find(({ id }) => id === "microscope");
const SAMPLES = 2;

/** One network's hidden layers and output, each with its value for each sample: layer i has i + sample / 10. */
function followedScene(depth, selection) {
  const layers = [...Array.from({ length: depth }, (_, i) => `hidden ${i + 1}`), "output"];
  const entries = NETWORKS.flatMap((network) =>
    layers.map((layer) => ({ network, layer, site: "output", quantity: "followed", shape: [SAMPLES, 3] })),
  );
  const networks = NETWORKS.map((name) => ({
    name,
    layers: layers.map((layer) => ({ name: layer, features: 3, activation: "relu", normalization: "" })),
  }));
  const made = makeScene({
    header: { ...HEADER, networks, layouts: [layout(8, "followed", entries)] },
    steps: [],
    selection,
  });
  const row = new Float32Array(entries.length * SAMPLES * 3);
  for (const [i] of entries.entries())
    for (let sample = 0; sample < SAMPLES; sample++)
      for (let unit = 0; unit < 3; unit++)
        row[(i * SAMPLES + sample) * 3 + unit] = (i % layers.length) + sample / 10 + unit;
  made.history.append({ stream: 8, seq: 1, step: 0, time: 0, row });
  const value = { shape: [1, 1, 1], labels: [2, 1], pixels: btoa("\x00\xff") };
  const samples = { time: 0, step: 0, kind: "samples", network: "", layer: "", message: "", value };
  return { ...made, events: [samples] };
}

const wayOf = (depth, selection = {}) => microscope.way(followedScene(depth, selection));

test("nothing stands there while no sample is followed", () => {
  assert.equal(wayOf(2), null);
});

test("one unit of each layer, the logits and the answer are those of the stream", () => {
  const way = wayOf(2, { choices: { sample: "1" }, layer: "hidden 2" });
  assert.deepEqual(
    way.steps.map(({ text, value, focused }) => [text, value, focused]),
    [
      ["hidden 1, unit 0", "0.100", false],
      ["hidden 2, unit 0", "1.10", true],
    ],
  );
  assert.deepEqual([way.label, way.logits.map((one) => one.toFixed(1))], [1, ["2.1", "3.1", "4.1"]]);
  assert.match(way.answer, /without BN: 2 \(67 %\)/);
  assert.equal(way.says, "logits by class: 0: 2.10, 1: 3.10, 2: 4.10");
});

test("the unit that was chosen is followed, and of many layers those about the one in focus are shown", () => {
  const way = wayOf(12, { choices: { sample: "0" }, layer: "hidden 6", unit: 1 });
  assert.deepEqual(
    way.steps.map(({ text, gap }) => [text, gap]),
    [
      ["hidden 1, unit 1", false],
      ["hidden 5, unit 1", true],
      ["hidden 6, unit 1", false],
      ["hidden 7, unit 1", false],
      ["hidden 12, unit 1", true],
    ],
  );
});
