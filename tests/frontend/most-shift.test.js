import assert from "node:assert/strict";
import test from "node:test";

import { mostShift } from "../../frontend/run/most-shift.js";
import { makeScene } from "./scene.js";

test("the most shift is found with its step and its layer, which is a hidden one", () => {
  const { step, layer, value } = mostShift(makeScene({ steps: [0, 10, 50] }));
  assert.deepEqual([step, layer], [50, "hidden 2"]);
  assert.ok(Math.abs(value - 1) < 1e-5);
  assert.equal(mostShift(makeScene({ steps: [] })), null);
});
