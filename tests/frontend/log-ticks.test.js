import assert from "node:assert/strict";
import test from "node:test";

import { logTicks } from "../../frontend/views/log-ticks.js";

const between = (low, high, most) => logTicks([Math.log10(low), Math.log10(high)], most);

test("many decades have their powers of ten, at most as many as there is room for", () => {
  assert.deepEqual(logTicks([-6, 2], 4), { type: "log", dtick: 2 });
  assert.deepEqual(logTicks([-1, 1]), { type: "log", dtick: 1 });
  assert.deepEqual(logTicks([0, 0]), { type: "log", dtick: 1 });
});

test("few decades have values between them", () => {
  assert.deepEqual(between(0.08, 2.4).ticktext, ["0.1", "0.2", "0.5", "1", "2"]);
  assert.deepEqual(between(3.6, 4.05).ticktext, ["3.6", "3.7", "3.8", "3.9", "4"]);
});

test("any range has two ticks at least, in it", () => {
  for (let low = -7; low < 6; low += 0.37) {
    for (const span of [0.01, 0.1, 0.3, 0.69, 0.7, 1, 1.49]) {
      const { tickvals, ticktext } = logTicks([low, low + span]);
      assert.ok(tickvals.length >= 2 && tickvals.length <= 7, `${low} ${span}: ${tickvals}`);
      assert.ok(tickvals.every((value) => value >= 10 ** low && value <= 10 ** (low + span)));
      if (span > 0.1) assert.equal(new Set(ticktext).size, ticktext.length, `${ticktext}`);
    }
  }
});
