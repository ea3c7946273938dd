import assert from "node:assert/strict";
import test from "node:test";

import { detect, mostShift } from "../../frontend/run/event-detection.js";
import { layersRow, makeScene } from "./scene.js";

test("a gradient that vanishes is found at its first step, in its layer", () => {
  const scene = makeScene({ steps: [0, 1] });
  const entry = scene.layoutIndex.find("gradient_norm", { network: "without BN", layer: "hidden 2" });
  for (const [step, norm] of [
    [2, 1e-7],
    [3, 1e-8],
  ]) {
    const row = layersRow(scene.layoutIndex, step);
    row[entry.offset] = norm;
    scene.history.append({ stream: 1, seq: 90 + step, step, time: 0, row });
  }
  assert.deepEqual(
    detect(scene).map(({ kind, step, network, layer }) => [kind, step, network, layer]),
    [["vanishing", 2, "without BN", "hidden 2"]],
  );
});

test("what comes later is found too, and what comes out of order in its place", () => {
  const scene = makeScene({ steps: [0, 1] });
  assert.deepEqual(detect(scene), []);
  const entry = scene.layoutIndex.find("gradient_norm", { network: "without BN", layer: "hidden 2" });
  for (const [seq, step] of [
    [90, 8],
    [91, 5],
  ]) {
    const row = layersRow(scene.layoutIndex, step);
    row[entry.offset] = 1e-7;
    scene.history.append({ stream: 1, seq, step, time: 0, row });
    assert.deepEqual(
      detect(scene).map((event) => event.step),
      [step],
    );
  }
});

test("nothing is found where nothing is wrong", () => {
  assert.deepEqual(detect(makeScene()), []);
});

test("the most shift is found with its step and its layer, which is a hidden one", () => {
  const { step, layer, value } = mostShift(makeScene({ steps: [0, 10, 50] }));
  assert.deepEqual([step, layer], [50, "hidden 2"]);
  assert.ok(Math.abs(value - 1) < 1e-5);
  assert.equal(mostShift(makeScene({ steps: [] })), null);
});
