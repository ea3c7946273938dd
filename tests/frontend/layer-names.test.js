import assert from "node:assert/strict";
import test from "node:test";

import { layerLabel, layerRoom } from "../../frontend/views/common.js";
import { makeScene } from "./scene.js";

const LONG = "transformer.h.1.attn.c_proj";
const sceneWith = (layers, more = {}) => ({ ...makeScene({ steps: [] }), layoutIndex: { layers }, ...more });

test("names of layers that have room are whole, and leave the chart its own", () => {
  const scene = sceneWith(["hidden 1", "hidden 10"]);
  assert.equal(layerLabel(scene, "hidden 10"), "hidden 10");
  assert.equal(layerLabel({ ...scene, narrow: true }, "hidden 10"), "hidden 10");
  assert.equal(layerRoom(scene), layerRoom(sceneWith(["output"])));
});

test("a long name gets more room, and keeps the end that tells it from its neighbours", () => {
  const scene = sceneWith(["lm_head", LONG]);
  assert.ok(layerRoom(scene) > layerRoom(sceneWith(["lm_head"])));
  assert.equal(layerLabel(scene, "lm_head"), "lm_head");
  const shown = layerLabel(scene, LONG);
  assert.equal(shown, "…h.1.attn.c_proj");
  assert.ok(layerLabel({ ...scene, narrow: true }, LONG).length < shown.length);
});

test("names that end alike keep what tells them apart", () => {
  const blocks = [0, 1, 2].flatMap((i) => [
    `encoder_layers.${i}.feed_forward_projection_in`,
    `encoder_layers.${i}.feed_forward_projection_out`,
    `encoder_layers.${i}.normalization`,
  ]);
  for (const narrow of [false, true]) {
    const scene = { ...sceneWith([...blocks, "classification_head"]), narrow };
    const shown = blocks.map((name) => layerLabel(scene, name));
    assert.equal(new Set(shown).size, blocks.length, shown.join(" "));
    const widest = Math.max(...shown.map(({ length }) => length));
    assert.ok(widest <= Math.floor((layerRoom(scene) - 2) / 6.6), shown.join(" "));
  }
  assert.equal(layerLabel(sceneWith([...blocks]), blocks[4]), "…1…projection_out");
});

test("of layers whose names are numbers an axis says the type, and the sizes where they have room", () => {
  const labels = { 0: "Linear 8→32", 3: "MultiheadAttention 16", 5.1: "BatchNorm2d 512→512", head: "Linear 64→2" };
  const scene = sceneWith([]);
  scene.layoutIndex = { layers: Object.keys(labels), label: (name) => labels[name] };
  const shown = (on) => Object.keys(labels).map((name) => layerLabel(on, name));
  assert.deepEqual(shown(scene), ["0 · Linear 8→32", "3", "5.1 · BatchNorm2d", "head"]);
  assert.deepEqual(shown({ ...scene, narrow: true }), ["0", "3", "5.1", "head"]);
});
