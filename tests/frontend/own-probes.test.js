import assert from "node:assert/strict";
import test from "node:test";

import { csvFile } from "../../frontend/charts/csv.js";
import { ownProbes as own } from "../../frontend/views/own-probes.js";
import { HEADER, LAYERS, layout, makeScene, NETWORKS } from "./scene.js";

/** A run with a probe of somebody's own. */
function sceneOf(quantities, selection = {}) {
  const entries = NETWORKS.flatMap((network) =>
    LAYERS.flatMap((layer) => quantities.map((more) => ({ network, layer, site: "output", ...more }))),
  );
  const layouts = [...HEADER.layouts, layout(16, "tails", entries)];
  const scene = makeScene({ header: { ...HEADER, layouts }, steps: [], selection });
  const length = scene.layoutIndex.sizes.get(16);
  for (const step of [0, 1, 2]) {
    const row = Float32Array.from({ length }, (_, i) => i + step);
    scene.history.append({ stream: 16, seq: step + 1, step, time: 0, row });
  }
  return scene;
}

test("what a probe of one's own records has a line a layer, by its name", () => {
  const scene = sceneOf([{ quantity: "heavy_tails" }]);
  assert.ok(own.available(scene));
  assert.ok(!own.available(makeScene()));
  assert.deepEqual(own.controls(scene), []);
  assert.deepEqual(own.streams(scene), [16]);
  const { data, layout: drawn } = own.figure(scene);
  assert.deepEqual(
    data.map(({ y }) => [...y]),
    [0, 1, 2, 3, 4, 5].map((first) => [first, first + 1, first + 2]),
  );
  assert.match(JSON.stringify(drawn.annotations), /heavy tails/);
  assert.match(csvFile(own, scene).text, /without BN,hidden 1,heavy_tails,0,0\n/);
});

test("a few values have a line each, an array of many none, and of many quantities a part is chosen", () => {
  const few = own.series(
    sceneOf([
      { quantity: "three", shape: [3] },
      { quantity: "many", shape: [9] },
    ]),
  );
  assert.deepEqual([...new Set(few.map(({ quantity }) => quantity))], ["three"]);
  assert.deepEqual(
    few.slice(0, 4).map(({ name, offset }) => [name, offset]),
    [
      ["hidden 1 · 1", 0],
      ["hidden 1 · 2", 1],
      ["hidden 1 · 3", 2],
      ["hidden 2 · 1", 12],
    ],
  );
  const quantities = ["a", "b", "c", "d", "e"].map((quantity) => ({ quantity }));
  const [control] = own.controls(sceneOf(quantities));
  assert.deepEqual([control.value, control.options.length], ["a", 5]);
  const chosen = own.series(sceneOf(quantities, { choices: { own_probes: "d" } }));
  assert.deepEqual([...new Set(chosen.map(({ quantity }) => quantity))], ["d", "e"]);
});

test("of several places in one layer each has its own line", () => {
  const names = (sites) =>
    own.series(sceneOf(sites.map((site) => ({ quantity: "tails", site })))).map(({ name }) => name);
  assert.deepEqual(names(["output"]).slice(0, 2), ["hidden 1", "hidden 2"]);
  assert.deepEqual(names(["pre_activation", "output"]).slice(0, 2), [
    "hidden 1 · pre_activation",
    "hidden 1 · output",
  ]);
});

test("what is of no network and no layer is drawn too", () => {
  const layouts = [...HEADER.layouts, layout(16, "held_out", [{ quantity: "held_out_loss" }])];
  const scene = makeScene({ header: { ...HEADER, layouts }, steps: [] });
  scene.history.append({ stream: 16, seq: 1, step: 0, time: 0, row: Float32Array.of(0.7) });
  assert.match(own.summary(scene), /held out loss 0.7/);
  assert.equal(own.figure(scene).data.length, 1);
});
