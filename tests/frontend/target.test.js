// The moving target: the calmest cloud fills its panel, and what leaves its own is seen in an inset.

import assert from "node:assert/strict";
import test from "node:test";

import { target } from "../../frontend/views/target.js";
import { LAYERS } from "../../frontend/views/target-points.js";
import { HEADER, layout, makeScene, NETWORKS } from "./scene.js";

const LAYER = "hidden 2";

/** Clouds of four points; that of the first network goes away by `far` σ. */
function sceneOf(far, choices = {}) {
  const entries = NETWORKS.flatMap((network) => [
    { network, layer: LAYER, quantity: "input_cloud", shape: [4, 2] },
    { network, layer: LAYER, quantity: "input_centroid", shape: [2] },
    { network, layer: LAYER, quantity: "input_spread" },
  ]);
  const header = { ...HEADER, layouts: [layout(7, "input_cloud", entries)] };
  const scene = makeScene({ header, steps: [], selection: { layer: LAYER, choices } });
  for (const [seq, step] of [0, 400].entries()) {
    const clouds = [step ? far : 0, 0].flatMap((x) => [x - 1, 0, x + 1, 0, x, 1, x, -1, x, 0, 1]);
    scene.history.append({ stream: 7, seq: seq + 1, step, time: step, row: Float32Array.from(clouds) });
  }
  return scene;
}

/** A panel's shapes by name, and its axes. */
function panelOf(scene, i) {
  const { data, layout: drawn } = target.figure(scene);
  const shapes = target.shapes(scene).slice(i * LAYERS.length);
  const range = (name) => drawn[`xaxis${data[i * LAYERS.length + LAYERS.indexOf(name)].xaxis.slice(1)}`].range;
  return { shape: (name) => shapes[LAYERS.indexOf(name)], range };
}

const words = (scene) => target.legend(scene).map(({ text }) => text);

test("where one cloud goes far beyond the other, the calm one fills its panel and an inset has room for both", () => {
  const scene = sceneOf(40);
  for (const i of [0, 1]) {
    const { shape, range } = panelOf(scene, i);
    assert.deepEqual(range("now"), [-3, 3]);
    assert.deepEqual(range("far_now"), [-50, 50]);
    assert.deepEqual([...shape("panel").x], [-3, 3, 3, -3, -3]);
    const circle = shape("far_now").x;
    assert.ok(Math.abs((Math.min(...circle) + Math.max(...circle)) / 2 - (i ? 0 : 40)) < 1e-9);
    assert.deepEqual([...shape("far_way").x], [...shape("way").x]);
  }
  assert.ok(words(scene).includes("inset: room for all, ±50.0 σ"));
});

test("where no cloud leaves its panel, as one scale shows both or each has its own, there are no insets", () => {
  for (const [scene, ends] of [
    [sceneOf(4), [8, 8]],
    [sceneOf(40, { "target-scale": "own" }), [50, 3]],
  ]) {
    for (const i of [0, 1]) {
      const { shape, range } = panelOf(scene, i);
      assert.deepEqual(range("now"), [-ends[i], ends[i]]);
      for (const name of ["room", "panel", "far_way", "far_now"]) assert.ok(shape(name).x.every(Number.isNaN), name);
    }
    assert.ok(!words(scene).some((text) => text.startsWith("inset")));
  }
});
