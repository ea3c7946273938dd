// What stands at the ends of lines, and what a chart says in words of what is seen.

import assert from "node:assert/strict";
import test from "node:test";

import { VIEWS } from "../../frontend/views/index.js";
import { HEADER, layout, makeScene, NETWORKS } from "./scene.js";

const viewOf = (id) => VIEWS.find((view) => view.id === id);

/** A run of so many layers, layer i of which has a gradient of i + 1 + step. */
function deep(depth, selection = {}, steps = [0, 1, 2, 3]) {
  const layers = Array.from({ length: depth }, (_, i) => `hidden ${i + 1}`);
  const entries = NETWORKS.flatMap((network) =>
    layers.map((layer) => ({ network, layer, quantity: "gradient_norm" })),
  );
  const networks = NETWORKS.map((name) => ({
    name,
    layers: layers.map((layer) => ({ name: layer, features: 4, activation: "relu", normalization: "" })),
  }));
  const header = { ...HEADER, networks, layouts: [layout(1, "layers", entries)] };
  const scene = makeScene({ header, steps: [], selection });
  for (const step of steps) {
    const row = Float32Array.from(entries, (_, i) => (i % depth) + 1 + step);
    scene.history.append({ stream: 1, seq: step + 1, step, time: 0, row });
  }
  return scene;
}

const ends = (scene) => viewOf("gradients").ends(scene);

test("of many lines the first and the last are named, at their last values", () => {
  const found = ends(deep(30, { choices: { smoothing: "1" } }));
  assert.deepEqual(
    found.map(({ axes, text, place, value }) => [axes, text, place, value]),
    ["xy", "x2y"].flatMap((axes) => [
      [axes, "hidden 1", 3, 4],
      [axes, "hidden 30", 3, 33],
    ]),
  );
});

test("few lines are told by their legend; the layer in focus is named all the same", () => {
  assert.deepEqual(ends(deep(4)), []);
  const found = ends(deep(4, { layer: "hidden 2", choices: { smoothing: "1" } }));
  assert.deepEqual(
    found.map(({ text, value }) => [text, value]),
    [
      ["hidden 2", 5],
      ["hidden 2", 5],
    ],
  );
});

test("a name stands where the bold line ends, at the running mean, and within the stretch that is shown", () => {
  const [first] = ends(deep(30, { choices: { smoothing: "2" } }));
  assert.equal(first.value, 3.5);
  const [shown] = ends(deep(30, { choices: { smoothing: "1", zoom: "0..2" } }));
  assert.deepEqual([shown.place, shown.value], [2, 3]);
});

test("the loss landscape says the range of each network at the shown step", () => {
  const entries = NETWORKS.map((network) => ({ network, quantity: "landscape_variation" }));
  const scene = makeScene({ header: { ...HEADER, layouts: [layout(9, "landscape", entries)] }, steps: [] });
  const said = () => viewOf("landscape").legend(scene).at(-1).text;
  assert.equal(said(), "lower is smoother");
  scene.history.append({ stream: 9, seq: 1, step: 5, time: 0, row: Float32Array.of(0.5, 0.25) });
  assert.equal(said(), "lower is smoother; loss range now: without BN 0.500, with BN 0.250");
});
