// Gradient descent on a loss of two weights, and the chart of it.

import assert from "node:assert/strict";
import test from "node:test";

import { translator } from "../../frontend/app/i18n.js";
import { FIRST_SELECTION } from "../../frontend/app/state.js";
import { conditionOf, excessAt, excessOf, lastStep, pointAt, rateOf, stepsOf } from "../../frontend/views/descent.js";
import { longest, surface } from "../../frontend/views/surface.js";
import { THEME } from "./scene.js";

const near = (actual, expected, by = 1e-9) =>
  assert.ok(Math.abs(actual - expected) <= by * Math.max(1, Math.abs(expected)), `${actual} is not ${expected}`);

const VALLEY = {
  label: "raw",
  inputs: ["age", "height"],
  hessian: [
    [2200, 7500],
    [7500, 28800],
  ],
  lowest: [0.03, -0.01],
};
const ROUND = {
  label: "standardized",
  inputs: ["age", "height"],
  hessian: [
    [1, 0.04],
    [0.04, 1],
  ],
  lowest: [0.5, 0.3],
};

/** Gradient descent as anyone would write it, in the weights' own units. */
function plainDescent({ hessian, lowest }, rate, weights, steps) {
  let w = [...weights];
  for (let step = 0; step < steps; step++) {
    const away = w.map((one, i) => one - lowest[i]);
    const gradient = hessian.map((row) => row[0] * away[0] + row[1] * away[1]);
    w = w.map((one, i) => one - rate * gradient[i]);
  }
  return w;
}
const scene = (more = {}) => ({
  run: { id: "e" },
  theme: THEME,
  t: translator("en"),
  narrow: false,
  selection: FIRST_SELECTION,
  surfaces: [VALLEY, ROUND],
  at: 0,
  share: 0.5,
  ...more,
});

for (const loss of [VALLEY, ROUND])
  test(`the way down the ${loss.label} loss is that of gradient descent`, () => {
    const rows = surface.table(scene()).filter(([label]) => label === loss.label);
    const [, rate, , ...start] = rows[0];
    assert.equal(start.at(-1).toFixed(6), "1.000000");
    for (const step of [1, rows.length - 1]) {
      const [w1, w2] = plainDescent(loss, rate, start.slice(0, 2), step);
      near(rows[step][3], w1);
      near(rows[step][4], w2);
    }
    near(Math.hypot(...pointAt(loss, 0.5, 0)), 1);
    near(excessOf(loss, ...pointAt(loss, 0.3, 4)), excessAt(loss, 0.3, 4));
  });

test("a valley takes long at half of the limit, a bowl does not; the best rate follows from the condition", () => {
  assert.ok(conditionOf(VALLEY) > 100 && conditionOf(ROUND) < 1.1);
  assert.ok(stepsOf(VALLEY, 0.5) > 100 && stepsOf(ROUND, 0.5) <= 2);
  const condition = conditionOf(VALLEY);
  const expected = Math.ceil(Math.log(0.01) / 2 / Math.log((condition - 1) / (condition + 1)));
  assert.equal(stepsOf(VALLEY, condition / (condition + 1)), expected);
  assert.ok(
    excessAt(VALLEY, 0.5, stepsOf(VALLEY, 0.5)) <= 0.01 && excessAt(VALLEY, 0.5, stepsOf(VALLEY, 0.5) - 1) > 0.01,
  );
});

test("at the limit it never arrives, and beyond it leaves the picture", () => {
  assert.equal(stepsOf(VALLEY, 1), Infinity);
  assert.ok(lastStep(VALLEY, 1) <= 600);
  const last = lastStep(VALLEY, 1.05);
  assert.ok(last < 600 && Math.hypot(...pointAt(VALLEY, 1.05, last)) > 1.3);
  assert.match(surface.summary(scene({ share: 1.05 })), /raw: .*never arrives/);
  assert.ok(rateOf(VALLEY, 1) < rateOf(ROUND, 1));
});

test("both panels have one scale and the same colours, and what moves is what a whole figure would draw", () => {
  const now = scene({ at: 30.4 });
  const { data, layout } = surface.figure(now);
  assert.deepEqual(layout.xaxis.range, layout.xaxis2.range);
  assert.deepEqual(layout.yaxis.range, layout.xaxis.range);
  assert.equal(layout.yaxis2.scaleanchor, "x2");
  const [one, other] = data.filter(({ type }) => type === "contour");
  assert.deepEqual([one.zmin, one.zmax, one.colorscale], [other.zmin, other.zmax, other.colorscale]);
  const moving = surface.shapes(now);
  assert.equal(moving.length, 4);
  for (const { trace, x, y } of moving) {
    assert.deepEqual([...x], [...data[trace].x]);
    assert.deepEqual([...y], [...data[trace].y]);
  }
  // Of a long way the last ten steps are drawn, in as many points at its beginning as later.
  assert.deepEqual(
    surface.shapes(scene({ at: 0.5 })).map(({ x }) => x.length),
    moving.map(({ x }) => x.length),
  );
  assert.equal(longest(now), stepsOf(VALLEY, 0.5));
  assert.match(surface.summary(now), /^raw: step 30 of \d+, .*; standardized: step (\d+) of \1,/);
});
