import assert from "node:assert/strict";
import test from "node:test";

import { mostShift } from "../../frontend/run/most-shift.js";
import { ridges } from "../../frontend/views/ridges.js";
import { makeScene } from "./scene.js";

test("the most shift is found with its step and its layer, which is a hidden one", () => {
  const { step, layer, value } = mostShift(makeScene({ steps: [0, 10, 50] }));
  assert.deepEqual([step, layer], [50, "hidden 2"]);
  assert.ok(Math.abs(value - 1) < 1e-5);
  assert.equal(mostShift(makeScene({ steps: [] })), null);
});

test("a layer that did not vary at the start is left out, of it no number in σ is told", () => {
  const scene = makeScene({ steps: [0, 10, 50] });
  const { layoutIndex, history } = scene;
  const where = { network: "without BN", layer: "hidden 2", site: "pre_activation" };
  const [mean, std] = ["mean", "std"].map((quantity) => layoutIndex.find(quantity, where));
  const stream = history.stream(mean.stream);
  stream.column(mean.offset)[stream.order[0]] = 1;
  stream.column(std.offset)[stream.order[0]] = 1e-9;
  assert.equal(mostShift(scene).layer, "hidden 1");
  assert.match(ridges.summary(scene), /without BN: hidden 1 has moved most/);
  const labels = ridges.labels(scene).flatMap(({ texts }) => texts);
  assert.ok(!labels.some((text) => /e\+?\d|\d{5}/.test(text)), labels.join("; "));
});
