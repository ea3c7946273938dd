import assert from "node:assert/strict";
import test from "node:test";

import { refusalOf } from "../../frontend/api.js";
import { duration, paceOf, positionOf, remaining } from "../../frontend/app/clock.js";
import { readLink, writeLink } from "../../frontend/app/link.js";
import { brief, niceAbove, quantile, RunningMean, robustRange, spanOf, spread } from "../../frontend/app/numbers.js";
import { FIRST_SELECTION, isWhole } from "../../frontend/app/state.js";
import { pixelOf } from "../../frontend/charts/painting/mapping.js";

test("one wild spike does not flatten the rest", () => {
  const values = Array.from({ length: 1000 }, (_, i) => Math.sin(i));
  const [low, high] = robustRange([...values, 1e9, NaN, Infinity]);
  assert.ok(low > -1.3 && low <= -1 && high >= 1 && high < 1.3);
});

test("values near each other are all within; nothing at all still has an axis", () => {
  const [low, high] = robustRange([1, 2, 3]);
  assert.ok(low < 1 && high > 3);
  for (const range of [robustRange([]), robustRange([NaN]), robustRange([5, 5])]) assert.ok(range[0] < range[1]);
});

test("log axes are in decades and leave out what has no logarithm", () => {
  const [low, high] = robustRange([0, -1, 0.01, 100], { log: true });
  assert.ok(low < -2 && low > -3 && high > 2 && high < 3);
});

test("the axis of steps doubles and ends with the run", () => {
  assert.equal(spanOf(10, 2000, false), 64);
  assert.equal(spanOf(64, 2000, false), 128);
  assert.equal(spanOf(1900, 2000, false), 2000);
  assert.equal(spanOf(300, null, false), 512);
  assert.equal(spanOf(77, 2000, true), 77);
});

test("quantiles, spreads and nice numbers", () => {
  assert.equal(quantile([0, 1, 2, 3], 0.5), 1.5);
  assert.deepEqual(spread(5, 10), [0, 1, 2, 3, 4]);
  assert.deepEqual(spread(101, 3), [0, 50, 100]);
  assert.deepEqual([0.03, 1, 1.1, 7].map(niceAbove), [0.05, 1, 2, 10]);
});

test("numbers for people", () => {
  assert.deepEqual([0, 0.12345, -3.14287, 1234.5, 1e-7, NaN, -Infinity].map(brief), [
    "0.000",
    "0.123",
    "−3.14",
    "1235",
    "1.0e−7",
    "NaN",
    "−∞",
  ]);
});

test("a running mean is over the last so many, and begins anew after what is not finite", () => {
  const mean = new RunningMean(3);
  assert.deepEqual(
    [4, 8, 6, 1].map((value) => mean.next(value)),
    [4, 6, 6, 5],
  );
  assert.ok(Number.isNaN(mean.next(NaN)));
  assert.equal(mean.next(1), 1);
  const long = new RunningMean(5);
  const values = Array.from({ length: 40 }, (_, i) => (i * 37) % 11);
  for (const [i, value] of values.entries()) {
    const last = values.slice(Math.max(0, i - 4), i + 1);
    assert.ok(Math.abs(long.next(value) - last.reduce((a, b) => a + b) / last.length) < 1e-12);
  }
  const tiny = new RunningMean(2);
  assert.deepEqual(
    [1e20, 1e-9, 3e-9].map((value) => tiny.next(value)),
    [1e20, 5e19, 2e-9],
  );
});

test("a value has its pixel on an axis, and none where a log axis ends", () => {
  const x = { slope: 10, intercept: 0.004, offset: 0, length: 100, log: false, range: [0, 10] };
  assert.equal(pixelOf({ ...x, log: true, intercept: 0 }, 100), 20);
  assert.ok(!Number.isFinite(pixelOf({ ...x, log: true }, 0)));
});

test("times and paces for people", () => {
  assert.deepEqual([0, 67, 3725].map(duration), ["0:00", "1:07", "1:02:05"]);
  assert.equal(paceOf(100), null);
  assert.equal(paceOf(0), 1);
  assert.equal(positionOf(null), 100);
  for (const position of [0, 10, 50, 99]) assert.ok(Math.abs(positionOf(paceOf(position)) - position) <= 1);
  assert.equal(remaining({ step: 500, total_steps: 2000, elapsed: 10 }), 30);
  assert.equal(remaining({ step: 0, total_steps: 2000, elapsed: 0 }), null);
});

test("a view's link says all that was chosen, and nothing else", () => {
  const selection = {
    ...FIRST_SELECTION,
    layer: "hidden 2",
    step: 40,
    compare: 3,
    unit: 5,
    charts: ["ridges", "loss"],
    choices: { scale: "value", drift: "gaussian_kl_from_start" },
  };
  const link = writeLink("r 1", selection, { embed: true });
  const read = readLink(link, ["scale", "drift"]);
  assert.deepEqual({ ...FIRST_SELECTION, ...read.selection }, selection);
  assert.deepEqual([read.run, read.embed], ["r 1", true]);
  assert.match(link, /&charts=ridges,loss&/);
  assert.deepEqual(readLink("?charts=loss, ridges,&embed", []).selection.charts, ["loss", "ridges"]);
  assert.equal(readLink("?charts=", []).selection.charts, undefined);
  assert.equal(readLink("?run=x&charts=loss&embed", []).embed, true);
  assert.equal(writeLink(null, FIRST_SELECTION), "");
  const config = { seed: 7, network: { depth: 3 } };
  assert.deepEqual(readLink(writeLink(null, FIRST_SELECTION, { config }), []).config, config);
  assert.equal(readLink("?config={broken&step=x", ["scale"]).config, "{broken"); // the form says so
});

test("refusals are sentences", () => {
  assert.equal(refusalOf(409, { detail: "It is finished.", state: "finished" }).message, "It is finished.");
  assert.equal(
    refusalOf(422, { detail: [{ loc: ["body", "config", "seed"], msg: "too small" }] }).message,
    "config.seed: too small",
  );
  assert.equal(refusalOf(500, null).message, "HTTP 500");
});

test("the axis of an ended run ends with its last frame, once all have come, however many updates followed it", () => {
  const [ended, live] = [
    { state: "finished", step: 150 },
    { state: "running", step: 150 },
  ];
  assert.ok(isWhole(ended, 149, 1) && isWhole(ended, 60, 1) && isWhole(ended, 150, 0.5));
  assert.ok(!isWhole(ended, 60, 0.5) && !isWhole(live, 150, 1));
});
