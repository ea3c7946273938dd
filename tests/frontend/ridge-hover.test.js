// What is said of a point of a ridge.

import assert from "node:assert/strict";
import test from "node:test";

import { ridges } from "../../frontend/views/ridges.js";
import { BINS, LAYERS, makeScene } from "./scene.js";

const near = (actual, expected) => assert.ok(Math.abs(actual - expected) < 1e-5, `${actual} is not ${expected}`);

test("a point has its density and the share below it, now and at the compared step", () => {
  // The output of the plain network moves by 1.5 in 50 steps; its histogram has eight bins of width 1.
  const scene = makeScene({ steps: [0, 50] });
  const [{ trace, numbers }] = ridges.hovers(scene);
  const shown = ridges.figure(scene).data[trace];
  assert.equal(shown.meta, LAYERS.at(-1));
  assert.deepEqual(shown.customdata, numbers);
  assert.equal(numbers.length, BINS + 2);
  const [density, below, densityThen, belowThen, value] = numbers[4];
  near(value, 1);
  near(shown.x[4], 1);
  near(density, 0.3);
  near(below, 0.05 + 0.15 + 0.3 / 2);
  // Then the value 1 lay on the edge of two bins.
  near(densityThen, 0.15);
  near(belowThen, 0.8);
  assert.match(shown.hovertemplate, /step 0: density/);
});

test("on an axis of values a point says so, and the number at the right counts in values", () => {
  const scene = makeScene({ steps: [0, 50], selection: { choices: { scale: "value" } } });
  const { hovertemplate } = ridges.figure(scene).data[0];
  assert.ok(!hovertemplate.includes("σ"), hovertemplate);
  const [texts] = ridges.labels(scene);
  assert.equal(texts.texts[0], "1.50");
  const { text } = ridges.legend(scene).at(-1);
  assert.equal(text, "number: distance of training batches since step 0");
  assert.ok(ridges.summary(scene).includes("by 1.00 (distance of training batches since step 0)"));
});
