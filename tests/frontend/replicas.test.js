// Data-parallel training: each replica's statistics of one unit beside the joined batch's.

import assert from "node:assert/strict";
import test from "node:test";

import { replicas } from "../../frontend/views/replicas.js";
import { HEADER, layout, makeScene } from "./scene.js";

const [REPLICAS, UNITS] = [2, 4];
const QUANTITIES = {
  replica_mean: [REPLICAS, UNITS],
  replica_std: [REPLICAS, UNITS],
  joined_mean: [UNITS],
  joined_std: [UNITS],
  replica_spread: [],
  replica_chance: [],
};
const NETWORK = "with BN";

/** Row s holds the numbers 100 s, 100 s + 1, ... in the order of its entries. */
function replicasScene(selection = {}, quantities = QUANTITIES) {
  const entries = ["hidden 1", "hidden 2"].flatMap((layer) =>
    Object.entries(quantities).map(([quantity, shape]) => ({ network: NETWORK, layer, quantity, shape })),
  );
  const length = entries.reduce((sum, { shape }) => sum + shape.reduce((size, axis) => size * axis, 1), 0);
  const header = { ...HEADER, layouts: [...HEADER.layouts, layout(12, "replicas", entries)] };
  const scene = makeScene({ header, steps: [0, 1], selection: { layer: "hidden 1", ...selection } });
  for (const step of [0, 1]) {
    const row = Float32Array.from({ length }, (_, i) => 100 * step + i);
    scene.history.append({ stream: 12, seq: 60 + step, step, time: 0, row });
  }
  return scene;
}

const drawn = (scene) =>
  Object.fromEntries(replicas.figure(scene).data.map((line) => [`${line.yaxis} ${line.name}`, [...line.y]]));

test("a unit has a line for each replica and one for all, and the layer its spread beside chance", () => {
  const scene = replicasScene({ unit: 1 });
  assert.ok(replicas.available(scene));
  const found = Object.values(drawn(scene));
  // means of unit 1: 1 and 5; stds: 9 and 13; joined 17 and 21; spread 24, chance 25
  assert.deepEqual(
    found.map(([first]) => first),
    [1, 5, 17, 9, 13, 21, 24, 25],
  );
  assert.deepEqual(
    found.map(([first, second]) => second - first),
    Array(8).fill(100),
  );
});

test("another layer has other lines, and a unit that there is not is the last one", () => {
  const scene = replicasScene({ layer: "hidden 2", unit: 99 });
  assert.deepEqual(Object.values(drawn(scene))[0], [29, 129]);
  assert.equal(replicas.controls(scene)[0].max, UNITS - 1);
});

test("its legend names the replicas, the joined batch and chance; a run of one process has no such chart", () => {
  const texts = replicas.legend(replicasScene()).map(({ text }) => text);
  assert.deepEqual(texts.filter(Boolean), ["replica 0 to 1", "joined batch", "by chance: σ/√(m/replicas)"]);
  assert.ok(!replicas.available(makeScene({ steps: [0] })));
});

test("where a mean is over positions too there is no chance, neither as a line nor in the legend", () => {
  const { replica_chance: _, ...quantities } = QUANTITIES;
  const scene = replicasScene({ unit: 1 }, quantities);
  assert.equal(Object.keys(drawn(scene)).length, 7);
  assert.ok(!replicas.legend(scene).some(({ text }) => text.startsWith("by chance")));
});

test("a network without replicas has no column, and the title names the layer", () => {
  const { data, layout: drawn } = replicas.figure(replicasScene());
  assert.ok(data.every(({ xaxis }) => xaxis === "x"));
  const titles = drawn.annotations.map(({ text }) => text);
  assert.ok(titles.some((text) => text.includes(`${NETWORK} · hidden 1`)));
  assert.ok(!titles.some((text) => text.includes("without BN")));
});
