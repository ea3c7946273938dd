import assert from "node:assert/strict";
import test from "node:test";

import { translator } from "../../frontend/app/i18n.js";
import { SIZE, sparkline, sparkText } from "../../frontend/run/sparkline.js";

const t = translator("en");
const curves = (...losses) => ({
  seq: 9,
  steps: losses[0].map((_, i) => 10 * i),
  networks: losses.map((loss, i) => ({ network: `n${i}`, normalized: i > 0, loss })),
});
const points = (d) =>
  [...d.matchAll(/([ML])([-\d.]+),([-\d.]+)/g)].map(([, pen, x, y]) => ({ pen, x: Number(x), y: Number(y) }));

test("a line goes from edge to edge and falls with the loss, evenly in its logarithm", () => {
  const [{ network, d }] = sparkline(curves([100, 10, 1]));
  const found = points(d);
  assert.equal(network, "n0");
  assert.deepEqual(
    found.map(({ pen }) => pen),
    ["M", "L", "L"],
  );
  assert.deepEqual(
    found.map(({ x }) => x),
    [2, SIZE.width / 2, SIZE.width - 2],
  );
  assert.deepEqual(
    found.map(({ y }) => y),
    [2, SIZE.height / 2, SIZE.height - 2],
  );
});

test("all networks share one axis; a loss of zero or less makes it linear", () => {
  const [one, other] = sparkline(curves([4, 2, 0], [3, 1, -4])).map(({ d }) => points(d));
  assert.deepEqual(
    one.map(({ y }) => y),
    [2, 8.5, 15],
  );
  assert.equal(other[2].y, SIZE.height - 2);
});

test("what is not finite leaves a gap, in the picture and in the words", () => {
  const broken = curves([2, null, 1], [null, null, null]);
  assert.deepEqual(
    sparkline(broken).map(({ d }) => points(d).map(({ pen }) => pen)),
    [["M", "M"]],
  );
  assert.equal(sparkText(broken, t), "n0: loss from 2.00 to 2.00, not finite at step 10; n1: loss never finite");
  assert.equal(sparkText(curves([2, 1, 0.5]), t), "n0: loss from 2.00 to 0.500");
});

test("nothing, one point and a constant are drawn without a break", () => {
  assert.deepEqual(sparkline({ seq: 0, steps: [], networks: [] }), []);
  assert.equal(sparkText({ seq: 0, steps: [], networks: [] }, t), "no loss measured yet");
  for (const losses of [[3], [3, 3, 3]]) assert.ok(!/NaN|Infinity/.test(sparkline(curves(losses))[0].d));
});
