import assert from "node:assert/strict";
import test from "node:test";

import { LinesPainter } from "../../frontend/charts/painting/lines.js";
import { drawOutlines } from "../../frontend/charts/painting/outlines.js";
import { StreamHistory } from "../../frontend/stream/history.js";

const axis = (slope, intercept, length) => ({ slope, intercept, offset: 0, length, log: false, range: [0, 1] });

/** A canvas that remembers where the pen went. */
function canvas() {
  const strokes = [];
  const nothing = () => {};
  return {
    strokes,
    save: nothing,
    restore: nothing,
    beginPath: nothing,
    rect: nothing,
    clip: nothing,
    translate: nothing,
    setLineDash: nothing,
    stroke: nothing,
    fill: nothing,
    moveTo: (x, y) => strokes.push(["M", x, y]),
    lineTo: (x, y) => strokes.push(["L", x, y]),
  };
}

function painter(steps, values, series = {}) {
  const stream = new StreamHistory(1);
  const context = canvas();
  const made = new LinesPainter(
    context,
    [{ stream: 0, offset: 0, axes: "xy", color: "red", width: 1, name: "", ...series }],
    stream,
    { x: axis(10, 0, 1000), y: axis(-1, 100, 100) },
  );
  const feed = (step, value) => stream.append(step, step + 1, step, Float32Array.of(value));
  for (const [i, step] of steps.entries()) feed(step, values[i]);
  return { made, context, feed, stream };
}

test("only what is new is drawn, joined to what was there", () => {
  const { made, context, feed } = painter([0, 1], [5, 6]);
  made.advance();
  assert.deepEqual(context.strokes, [
    ["M", 0, 95],
    ["L", 10, 94],
  ]);
  context.strokes.length = 0;
  feed(2, 7);
  made.advance();
  assert.deepEqual(context.strokes, [
    ["M", 10, 94],
    ["L", 20, 93],
  ]);
  context.strokes.length = 0;
  made.advance();
  assert.deepEqual(context.strokes, []);
});

test("a line ends where a value is no number, and begins again after it", () => {
  const { made, context } = painter([0, 1, 2, 3, 4], [1, 1, NaN, Infinity, 1]);
  made.advance();
  assert.deepEqual(context.strokes.map(([pen]) => pen).join(""), "MLM");
});

test("a thousand values in one pixel cost a few strokes and keep their extremes", () => {
  const stream = new StreamHistory(1);
  const context = canvas();
  const made = new LinesPainter(
    context,
    [{ stream: 0, offset: 0, axes: "xy", color: "red", width: 1, name: "" }],
    stream,
    { x: axis(0.0001, 0, 1000), y: axis(-1, 100, 100) },
  );
  for (let step = 0; step < 1000; step++)
    stream.append(step, step + 1, step, Float32Array.of(step === 500 ? 90 : step === 600 ? 2 : 50));
  made.advance();
  assert.ok(context.strokes.length < 10);
  const heights = context.strokes.map(([, , y]) => y);
  assert.ok(heights.includes(10) && heights.includes(98));
});

test("nothing is drawn across frames that are still on their way", () => {
  const { made, context, stream } = painter([0, 1, 8, 9], [1, 1, 1, 1]);
  stream.missing = (from, to) => from === 2 && to === 9;
  made.advance();
  assert.equal(context.strokes.map(([pen]) => pen).join(""), "MLML");
});

test("a long history is drawn in turns, each joined to the last", () => {
  const steps = Array.from({ length: 9 }, (_, i) => i);
  const values = steps.map((step) => step * step);
  const { made: whole, context: once } = painter(steps, values);
  whole.advance();
  const { made, context } = painter(steps, values);
  made.most = 4;
  const drawn = [];
  while (made.drawn < 9) {
    made.advance();
    drawn.push(made.drawn);
  }
  assert.deepEqual(drawn, [4, 8, 9]);
  // But for the pen that is set down again at a joint, it goes where it went at once.
  const joints = context.strokes.filter(([pen], at) => pen === "M" && at > 0);
  assert.deepEqual(joints, [
    ["M", 30, 91],
    ["M", 70, 51],
  ]);
  assert.deepEqual(
    context.strokes.filter((stroke) => !joints.includes(stroke)),
    once.strokes,
  );
});

const BLACK = { color: "black", width: 1, dash: [], fill: null, opacity: 1, box: [40, 20, 100, 50] };

test("outlines are drawn in turn, each clipped to its subplot, broken where a value is missing", () => {
  const context = canvas();
  const entered = [];
  context.translate = (x, y) => entered.push([x, y]);
  drawOutlines(
    context,
    [BLACK, { ...BLACK, fill: "red" }, { ...BLACK, box: [160, 20, 100, 50] }],
    [2, 3, 2],
    Float32Array.of(1, 2, 3, 4, 5, 6, NaN, 7, 8, 9, 0, 0, 1, 1),
  );
  assert.deepEqual(context.strokes, [
    ["M", 1, 2],
    ["L", 3, 4],
    ["M", 5, 6],
    ["M", 8, 9],
    ["M", 0, 0],
    ["L", 1, 1],
  ]);
  assert.deepEqual(entered, [
    [40, 20],
    [160, 20],
  ]);
});

test("an outline that reaches far beyond the screen stays within what a canvas can draw", () => {
  const context = canvas();
  drawOutlines(context, [BLACK], [3], Float32Array.of(2.5e28, 0, -2.5e28, 1, Infinity, 2));
  assert.deepEqual(context.strokes, [
    ["M", 1e6, 0],
    ["L", -1e6, 1],
  ]);
});
