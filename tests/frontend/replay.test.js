import assert from "node:assert/strict";
import test from "node:test";

import { Replay } from "../../frontend/run/replay.js";

test("at speed 1 the whole run takes twelve seconds, at speed 4 three", () => {
  for (const [speed, seconds] of [
    [1, 12],
    [4, 3],
  ]) {
    const replay = new Replay();
    let step = 0;
    let now = 1000;
    for (; step !== null; now += 100) step = replay.next(step, 1200, speed, now);
    assert.ok(Math.abs((now - 1000) / 1000 - seconds) <= 0.2, `${(now - 1000) / 1000}`);
  }
});

test("it goes on from the step that is chosen meanwhile, and the time of a pause does not count", () => {
  const replay = new Replay();
  assert.equal(replay.next(0, 1200, 1, 1000), 0);
  assert.equal(replay.next(0, 1200, 1, 1100), 10);
  assert.equal(replay.next(500, 1200, 1, 1200), 500);
  assert.equal(replay.next(500, 1200, 1, 1300), 510);
  replay.restart();
  assert.equal(replay.next(510, 1200, 1, 90_000), 510);
});
