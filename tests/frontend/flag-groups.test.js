// Which flags stand on an axis, however many things happened and however little room there is.

import assert from "node:assert/strict";
import test from "node:test";

import { flagGroups } from "../../frontend/charts/painting/flag-groups.js";

const happened = (...steps) => steps.map((step, i) => ({ number: i + 1, step, bad: step === 50 }));
const grouped = (all, length, span = 100) =>
  flagGroups(all, (step) => (step / span) * length, length).map(({ text, step, bad }) => [text, step, bad]);

test("flags with room stand alone, those that would cover each other are one", () => {
  const all = happened(0, 10, 11, 50, 51, 52, 99);
  assert.deepEqual(grouped(all, 600), [
    ["1", 0, false],
    ["2–3", 10, false],
    ["4–6", 50, true],
    ["7", 99, false],
  ]);
});

test("thirteen flags on a small card leave the lines between them to be seen, and each number is in one", () => {
  const all = happened(...Array.from({ length: 13 }, (_, i) => 8 * i));
  for (const length of [60, 110, 160, 240, 480]) {
    const groups = flagGroups(all, (step) => step * (length / 100), length);
    assert.ok(groups.length <= Math.max(3, length / 32), `${groups.length} in ${length}`);
    const numbers = groups.flatMap(({ text }) => {
      const [first, last = first] = text.split("–").map(Number);
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    });
    assert.deepEqual(
      numbers,
      all.map(({ number }) => number),
    );
  }
});

test("no text covers the next, and the last does not leave the axis", () => {
  const groups = flagGroups(happened(40, 90, 97, 100), (step) => 3 * step, 300);
  const spans = groups.map(({ at, text, before }) => {
    const width = 6 * text.length + 4;
    return before ? [at - width, at] : [at, at + width];
  });
  for (const [i, [from, to]] of spans.entries()) {
    assert.ok(to <= 300 && from >= (spans[i - 1]?.[1] ?? 0), `${spans.join(" | ")}`);
  }
});

test("what lies beyond a stretch that is shown, or nowhere, has no flag", () => {
  const all = happened(10, 20, 30);
  assert.deepEqual(
    flagGroups(all, (step) => (step === 30 ? NaN : 10 * step - 150), 100).map(({ text }) => text),
    ["2"],
  );
});
