import assert from "node:assert/strict";
import test from "node:test";
import {
  bent,
  drawnOver,
  FIRST_CURVE,
  fine,
  measuredCurve,
  measuredOf,
  POINTS,
  questionsOf,
  sliderValues,
} from "../../frontend/experiments/bets.js";

const plan = (labels, more = {}) => ({
  views: ["loss"],
  runs: labels.map((label) => ({ label, config: { network: { depth: 3 } } })),
  ...more,
});
const trialOf = (measured, more = {}) => ({
  id: "t",
  ended: true,
  verdict: { kind: "depends" },
  runs: measured.map((figures, i) => ({ label: `rate ${i}`, seed: 0, run: { id: `r${i}` }, measured: figures })),
  ...more,
});

test("a claim can always be bet on, a run where there are several, a layer where the map leads", () => {
  assert.deepEqual(
    questionsOf(plan(["a", "b"])).map(({ id }) => id),
    ["verdict"],
  );
  assert.deepEqual(
    questionsOf(plan(["a", "b", "c"])).map(({ id, options }) => [id, options.length]),
    [
      ["verdict", 3],
      ["breaks", 3],
    ],
  );
  const layers = questionsOf(plan(["a"], { views: ["shift"] })).find(({ id }) => id === "layer");
  assert.deepEqual(layers?.options, ["hidden 1", "hidden 2", "hidden 3"]);
});

test("what was measured is read from the figures that the verdict rests on", () => {
  const accuracies = [0.9, 0.1, 0.8].map((value) => ({
    "without BN/test_accuracy": value,
    "with BN/test_accuracy": 0,
  }));
  assert.equal(measuredOf(trialOf(accuracies)).breaks, "rate 1");
  assert.equal(measuredOf(trialOf(accuracies)).verdict, "depends");
  const moved = { "without BN/hidden 1/wasserstein_over_sigma_from_start": 2 };
  moved["without BN/hidden 2/wasserstein_over_sigma_from_start"] = 5;
  moved["with BN/hidden 1/wasserstein_over_sigma_from_start"] = 9;
  // The output layer is none that can be bet on, nor is a sigma of a layer that did not vary.
  moved["without BN/output/wasserstein_over_sigma_from_start"] = 90;
  moved["without BN/hidden 3/wasserstein_over_sigma_from_start"] = 3e7;
  assert.equal(measuredOf(trialOf([moved])).layer, "hidden 2");
});

test("what was not measured decides no bet", () => {
  const accuracies = [{ "without BN/test_accuracy": 0.9 }, {}, null];
  assert.deepEqual(measuredOf(trialOf(accuracies, { verdict: { kind: "undecided" } })), {
    verdict: null,
    breaks: null,
    layer: null,
  });
  assert.deepEqual(measuredCurve(trialOf([{}]), new Map()), []);
});

test("the measured curve is the first run's, from its first step to its last", () => {
  const curves = [{ network: "without BN", quantity: "test_accuracy", steps: [0, 50, 100], values: [0.1, 0.5, 0.9] }];
  assert.deepEqual(measuredCurve(trialOf([{}]), new Map([["r0", { networks: [], curves, data: {} }]])), [
    [0, 0.1],
    [0.5, 0.5],
    [1, 0.9],
  ]);
});

test("a stroke leaves no gap, in either direction, and stays between nothing and all", () => {
  const flat = Array(POINTS).fill(0.5);
  for (const [from, to] of [
    [
      [0.25, 0],
      [0.75, 1],
    ],
    [
      [0.75, 1],
      [0.25, 0],
    ],
  ]) {
    const drawn = drawnOver(flat, from, to);
    assert.deepEqual([drawn[0], drawn[10], drawn[20], drawn[30], drawn[40]], [0.5, 0, 0.5, 1, 0.5]);
  }
  assert.equal(drawnOver(flat, [2, 7], [2, 7])[POINTS - 1], 1);
  assert.equal(drawnOver(flat, [0.5, 0.2], [0.5, 0.3])[20], 0.3);
});

test("a slider moves its point alone, the others stand where they were", () => {
  const curve = bent(FIRST_CURVE, 4, 0.5);
  const rounded = (values) => values.map((value) => Math.round(100 * value) / 100);
  assert.deepEqual(rounded(sliderValues(curve)), [0.1, 0.3, 0.5, 0.7, 0.5]);
  assert.deepEqual(rounded([curve[35]]), [0.6]);
  assert.deepEqual(rounded(sliderValues(fine([0, 1, 0, 1, 0]))), [0, 1, 0, 1, 0]);
});
