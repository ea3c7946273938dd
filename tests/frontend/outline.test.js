// A long history that comes in outline first.

import assert from "node:assert/strict";
import test from "node:test";

import { Received } from "../../frontend/stream/received.js";

test("an outline leaves many holes, which close in any order", () => {
  const received = new Received();
  for (let seq = 937; seq <= 1000; seq++) received.add(seq);
  for (let seq = 1; seq < 937; seq += 16) assert.equal(received.add(seq), true);
  assert.equal(received.intervals.length, 60);
  assert.ok(received.missing(1, 17));
  assert.ok(received.missing(929, 937));
  assert.ok(!received.missing(937, 1000));
  assert.equal(received.add(17), false);
  for (let seq = 2; seq <= 936; seq++) received.add(seq);
  assert.deepEqual(received.intervals, [[1, 1000]]);
  assert.equal(received.contiguous, 1000);
});
