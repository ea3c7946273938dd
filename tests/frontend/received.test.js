import assert from "node:assert/strict";
import test from "node:test";

import { Received } from "../../frontend/stream/received.js";

test("numbers in order leave nothing missing", () => {
  const received = new Received();
  for (const seq of [1, 2, 3]) assert.equal(received.add(seq), true);
  assert.equal(received.contiguous, 3);
  assert.equal(received.intervals.length, 1);
});

test("a number that is there already is not new", () => {
  const received = new Received();
  received.add(1);
  received.add(5);
  assert.equal(received.add(5), false);
  assert.equal(received.add(1), false);
  assert.equal(received.count, 2);
});

test("the share that has arrived is of all there is up to the highest number", () => {
  const received = new Received();
  assert.equal(received.share(), 1);
  for (const seq of [97, 98, 99, 100]) received.add(seq);
  assert.equal(received.share(), 0.04);
  for (let seq = 1; seq < 97; seq++) received.add(seq);
  assert.equal(received.share(), 1);
});

test("newest first, then the older ones: the gap closes from below", () => {
  const received = new Received();
  for (const seq of [90, 91, 92]) received.add(seq);
  assert.equal(received.contiguous, 0);
  for (let seq = 1; seq <= 50; seq++) received.add(seq);
  assert.equal(received.contiguous, 50);
  for (let seq = 51; seq < 90; seq++) received.add(seq);
  assert.equal(received.contiguous, 92);
  assert.deepEqual(received.intervals, [[1, 92]]);
});

test("between two numbers that have arrived, others may be missing", () => {
  const received = new Received();
  for (const seq of [1, 2, 3, 9, 10]) received.add(seq);
  assert.deepEqual([received.missing(1, 3), received.missing(3, 9), received.missing(9, 10)], [false, true, false]);
});

test("any order of arrival ends the same", () => {
  const numbers = Array.from({ length: 200 }, (_, i) => i + 1);
  let random = 12345;
  for (let i = numbers.length - 1; i > 0; i--) {
    random = (random * 1103515245 + 12345) % 2 ** 31;
    const other = random % (i + 1);
    [numbers[i], numbers[other]] = [numbers[other], numbers[i]];
  }
  const received = new Received();
  assert.ok(numbers.every((seq) => received.add(seq)));
  assert.deepEqual(received.intervals, [[1, 200]]);
});
