import assert from "node:assert/strict";
import { test } from "node:test";

import { Replay } from "../../frontend/run/replay.js";

/** The milliseconds that a replay takes, and the steps that it shows. */
function replayed(last, seconds, every) {
  const replay = new Replay();
  const shown = [];
  let now = 1;
  let step = 0;
  for (; step !== null; now += every) {
    step = replay.next(step, last, seconds, now);
    shown.push(step);
  }
  return { took: now - 1 - every, shown };
}

for (const last of [30, 120, 1200, 100_000])
  for (const seconds of [10, 60])
    test(`${last} steps take ${seconds} seconds`, () => {
      const { took } = replayed(last, seconds, 50);
      const expected = Math.min(seconds, last) * 1000;
      assert.ok(Math.abs(took - expected) <= 60, `${took}`);
    });

test("the first steps of a long run are shown slowly, and each of them", () => {
  const { shown } = replayed(100_000, 10, 16);
  const first = shown.filter((step) => step !== null && step < 50);
  assert.deepEqual(new Set(first), new Set(Array.from({ length: 50 }, (_, step) => step)));
  assert.ok(Math.abs(first.length * 16 - 2500) < 50, `${first.length}`);
});

test("a short run passes at least a step a second", () => {
  assert.ok(Math.abs(replayed(5, 60, 100).took - 5000) <= 100);
});

test("it goes on from a step that was chosen meanwhile", () => {
  const replay = new Replay();
  replay.next(0, 1200, 12, 1);
  assert.ok(/** @type {number} */ (replay.next(900, 1200, 12, 101)) >= 900);
});

test("what passed before a restart does not count", () => {
  const replay = new Replay();
  replay.next(0, 1200, 12, 1);
  replay.restart();
  assert.equal(replay.next(0, 1200, 12, 60_000), 0);
});
