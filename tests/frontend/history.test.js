import assert from "node:assert/strict";
import test from "node:test";

import { StreamHistory } from "../../frontend/stream/history.js";

const fill = (history, steps) => {
  for (const [i, step] of steps.entries()) history.append(step, i + 1, step, Float32Array.from([step, -step]));
};
const inOrder = (history) => Array.from({ length: history.count }, (_, i) => history.steps[history.order[i]]);

test("frames that come newest first stand in order of their steps", () => {
  const history = new StreamHistory(2);
  fill(history, [90, 91, 92, 0, 1, 2, 50]);
  assert.deepEqual(inOrder(history), [0, 1, 2, 50, 90, 91, 92]);
  assert.equal(history.epoch, 4);
  assert.deepEqual([...history.row(history.slotAt(50))], [50, -50]);
  assert.equal(history.lastStep, 92);
});

test("appending at the end changes nothing that was drawn", () => {
  const history = new StreamHistory(2);
  fill(history, [0, 1, 2]);
  assert.equal(history.epoch, 0);
});

test("a step between two frames shows the one before it; one before all shows the first", () => {
  const history = new StreamHistory(2);
  fill(history, [10, 20, 30]);
  assert.equal(history.steps[history.slotAt(25)], 20);
  assert.equal(history.steps[history.slotAt(30)], 30);
  assert.equal(history.steps[history.slotAt(3)], 10);
  assert.equal(history.steps[history.slotAt(null)], 30);
  assert.equal(new StreamHistory(2).slotAt(null), -1);
});

test("a column holds every frame, also those whose rows are let go", () => {
  const history = new StreamHistory(2, 16);
  const column = () => history.column(1);
  column();
  fill(
    history,
    Array.from({ length: 1000 }, (_, i) => i),
  );
  assert.equal(history.count, 1000);
  assert.ok(history.kept <= 16);
  for (let position = 0; position < 1000; position++) assert.equal(column()[history.order[position]], -position);
});

test("a column that is asked for late knows which values are not its own", () => {
  const history = new StreamHistory(2, 16);
  fill(
    history,
    Array.from({ length: 40 }, (_, i) => i),
  );
  const column = history.column(0);
  const slots = Array.from({ length: 40 }, (_, slot) => slot);
  assert.deepEqual(
    slots.filter((slot) => history.has(slot, 0)),
    slots.filter((slot) => history.rowOf[slot] >= 0),
  );
  for (const slot of slots.filter((one) => history.has(one, 0))) assert.equal(column[slot], slot);
  history.append(40, 41, 40, Float32Array.of(40, -40));
  assert.ok(history.has(40, 0));
});

test("the first and the newest row are never let go, and the kept ones spread over the run", () => {
  const history = new StreamHistory(2, 64);
  fill(
    history,
    Array.from({ length: 1000 }, (_, i) => i),
  );
  assert.deepEqual([...history.row(history.order[0])], [0, -0]);
  assert.deepEqual([...history.row(history.newest)], [999, -999]);
  const kept = inOrder(history).filter((_, i) => history.row(history.order[i]));
  assert.equal(kept.length, history.kept);
  assert.ok(Math.max(...kept.slice(1).map((step, i) => step - kept[i])) < 1000 / 12);
  assert.ok(history.chunks.length === 1, "rows that were let go are used again");
});

test("NaN and infinity are kept as themselves", () => {
  const history = new StreamHistory(3);
  history.append(0, 1, 0, Float32Array.from([NaN, Infinity, -Infinity]));
  assert.deepEqual([...history.row(0)], [NaN, Infinity, -Infinity]);
  assert.ok(Number.isNaN(history.column(0)[0]));
});

test("a stream whose rows grow long keeps as many as the budget has room for", () => {
  const stream = new StreamHistory(0);
  for (let step = 0; step < 3000; step++) stream.append(step, step + 1, 0, new Float32Array(0));
  assert.equal(stream.kept, 3000);
  stream.widen(10_000);
  assert.ok(stream.kept <= stream.capacity && stream.capacity < 3000);
  assert.ok(stream.rowOf[0] >= 0 && stream.rowOf[2999] >= 0);
});
