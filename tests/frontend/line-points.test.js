import assert from "node:assert/strict";
import test from "node:test";

import { LinesPainter } from "../../frontend/charts/painting/lines.js";
import { StreamHistory } from "../../frontend/stream/history.js";
import { RunHistory } from "../../frontend/stream/run-history.js";
import { leftOut, points, sample, telling, valueNow } from "../../frontend/views/line-points.js";

const LINE = { stream: 0, offset: 0, axes: "xy", color: "red", width: 1, name: "" };
const upTo = (count) => Array.from({ length: count }, (_, i) => i);

function sceneOf(values, { capacity, selection = { step: null } } = {}) {
  const history = new RunHistory(new Map([[0, 1]]));
  if (capacity) history.streams.set(0, new StreamHistory(1, capacity));
  for (const [step, value] of values.entries())
    history.append({ stream: 0, seq: step + 1, step, time: 0, row: Float32Array.of(value) });
  return { history, selection: { choices: {}, ...selection } };
}

test("a running mean stands beside the values that it is over", () => {
  const scene = sceneOf([4, 8, 6, 1]);
  const raw = points(scene, { ...LINE, mean: 2 });
  assert.deepEqual(
    [raw.x, raw.y, raw.values, raw.means],
    [
      [0, 1, 2, 3],
      [4, 8, 6, 1],
      [4, 8, 6, 1],
      [4, 6, 7, 3.5],
    ],
  );
  const smooth = points(scene, { ...LINE, mean: 2, smooth: 2 });
  assert.deepEqual([smooth.y, smooth.values], [raw.means, raw.values]);
  assert.equal(points(scene, LINE).means, null);
  assert.equal(valueNow(scene, { ...LINE, mean: 2, smooth: 2 }), 1);
  assert.deepEqual(sample(scene, { ...LINE, mean: 2, smooth: 2 }, 2), [4, 3.5]);
});

test("what is painted of a running mean is what is labelled", () => {
  const values = upTo(60).map((i) => Math.sin(7 * i) * 10 + 50);
  const scene = sceneOf(values);
  const line = { ...LINE, mean: 15, smooth: 15 };
  const strokes = [];
  const pen = (x, y) => strokes.push([x, y]);
  const context = new Proxy(
    {},
    { get: (_, name) => (/^(moveTo|lineTo)$/.test(name) ? pen : () => {}), set: () => true },
  );
  const axis = (slope, intercept) => ({ slope, intercept, offset: 0, length: 1000, log: false, range: [0, 1] });
  new LinesPainter(context, [line], scene.history.stream(0), { x: axis(10, 0), y: axis(1, 0) }).advance();
  const { x, y } = points(scene, line);
  assert.deepEqual(
    strokes,
    x.map((step, i) => [10 * step, y[i]]),
  );
});

test("of many points those are kept that stand out, and the gaps", () => {
  const values = upTo(10_000).map((i) => (i === 1234 ? 9 : i === 5678 ? -9 : i === 8000 ? NaN : Math.sin(i)));
  const chosen = telling(values.length, 100, (i) => values[i]);
  assert.ok(chosen.length <= 101);
  for (const i of [0, 1234, 5678, 8000, 9999]) assert.ok(chosen.includes(i), String(i));
  assert.deepEqual(
    chosen,
    [...chosen].sort((a, b) => a - b),
  );
  assert.deepEqual(
    telling(5, 10, () => 0),
    [0, 1, 2, 3, 4],
  );
});

test("a value that was let go is neither drawn nor listed as another one's", () => {
  const scene = sceneOf(upTo(100), { capacity: 16 });
  const stream = scene.history.stream(0);
  const { x, y } = points(scene, LINE);
  assert.ok(x.length <= 16 && x.length > 4);
  assert.deepEqual(x, y);
  assert.equal(leftOut(scene, LINE), stream.count - x.length);
  assert.equal(leftOut(scene, { ...LINE, many: true }), stream.count - stream.kept);
  assert.equal(leftOut(sceneOf(upTo(100)), LINE), 0);
});
