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
