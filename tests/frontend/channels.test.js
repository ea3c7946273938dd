// The charts of single channels: gamma and beta, running against batch statistics, and the microscope.

import assert from "node:assert/strict";
import test from "node:test";

import { affine } from "../../frontend/views/affine.js";
import { microscope } from "../../frontend/views/microscope.js";
import { running } from "../../frontend/views/running.js";
import { HEADER, LAYERS, layout, makeScene } from "./scene.js";

const near = (actual, expected) => assert.ok(Math.abs(actual - expected) < 1e-5, `${actual} is not ${expected}`);

function allNear(actual, expected) {
  assert.equal(actual.length, expected.length);
  for (const [i, value] of expected.entries()) near(actual[i], value);
}

const network = "with BN";
const CHANNELS = {
  batch_mean: [0.5, -3, 1, 0],
  running_mean: [0.5, -2, 1, 0.25],
  batch_variance: [1, 4, 0.01, 1],
  running_variance: [1, 4, 0.1, 1],
  running_gap: [0, 0.5, 0, 0.25],
};
const STREAM = layout(
  7,
  "channels",
  LAYERS.flatMap((layer) => Object.keys(CHANNELS).map((quantity) => ({ network, layer, quantity, shape: [4] }))),
);
const SITES = ["linear_output", "normalized", "output"];
const MORE = layout(
  8,
  "stages",
  SITES.flatMap((site) => [
    ...["mean", "std"].map((quantity) => ({ network, layer: "hidden 2", site, quantity })),
    { network, layer: "hidden 2", site, quantity: "histogram", shape: [4] },
    { network, layer: "hidden 2", site, quantity: "histogram_range", shape: [2] },
  ]),
);
const STAGES = { linear_output: [-3, 2], normalized: [0, 1], output: [0.4, 0.6] };

/** The small scene with statistics by channel and the stages of hidden 2. */
function measured({ selection = {}, more = {} } = {}) {
  const scene = makeScene({
    header: { ...HEADER, layouts: [...HEADER.layouts, STREAM, MORE] },
    steps: [0, 50],
    selection,
  });
  const row = Float32Array.from(
    LAYERS.flatMap(() => Object.entries(CHANNELS).flatMap(([name, v]) => more[name] ?? v)),
  );
  const stages = Float32Array.from(
    SITES.flatMap((site) => {
      const [mean, std] = STAGES[site];
      return [mean, std, 0.1, 0.4, 0.4, 0.1, mean - 4 * std, mean + 4 * std];
    }),
  );
  for (const step of [0, 50]) {
    scene.history.append({ stream: 7, seq: 90 + step, step, time: 0, row });
    scene.history.append({ stream: 8, seq: 91 + step, step, time: 0, row: stages });
  }
  return scene;
}

test("of gamma and beta the outermost channels have lines, and names in the legend", () => {
  const scene = makeScene();
  assert.deepEqual(
    affine.series(scene).map(({ name, axes }) => [name, axes]),
    [
      ["γ[3]", "xy"],
      ["γ[0]", "xy"],
      ["β[3]", "xy2"],
      ["β[0]", "xy2"],
    ],
  );
  const said = affine.legend(scene).map(({ text }) => text);
  assert.ok(said.includes("highest now: γ[3], β[3]") && said.includes("lowest: γ[0], β[0]"), said.join());
  const chosen = affine.series(makeScene({ selection: { unit: 1 } })).map(({ name }) => name);
  assert.deepEqual(chosen, ["γ[3]", "γ[0]", "γ[1]", "β[3]", "β[0]", "β[1]"]);
});

test("the bands of gamma are percentiles over the channels, painted and drawn alike", () => {
  const scene = makeScene();
  const [raster] = affine.rasters(scene);
  const out = new Uint32Array(400);
  // 1 to 4 over 400 pixels: the middle half is 1.75 to 3.25, the median 2.5.
  raster.paint(0, out, { slope: -100, intercept: 450, offset: 0, length: 400, log: false, range: [0.5, 4.5] }, 1);
  const alpha = (value) => out[Math.round(450 - 100 * value)] >>> 24;
  assert.equal(alpha(1.05), 0);
  assert.ok(alpha(1.3) > 0 && alpha(2) > alpha(1.3) && alpha(2.5) > alpha(2) && alpha(3.5) === alpha(1.3));
  const middle = affine.figure(scene).data.find(({ uid }) => uid === "middle-0-0");
  near(middle.y[0], 2.5);
  near(middle.customdata[0][1], 1.75);
  near(middle.customdata[0][4], 3.85);
});

test("channels that lie alike have no outermost one, and many channels are thinned alone for the bands", () => {
  const size = 1200;
  const [steps] = HEADER.layouts;
  const own = layout(1, "channels", [{ network, layer: "hidden 2", quantity: "gamma", shape: [size] }]);
  const scene = makeScene({ header: { ...HEADER, layouts: [steps, own] }, steps: [] });
  scene.history.append({ stream: 1, seq: 1, step: 0, time: 0, row: new Float32Array(size).fill(1) });
  assert.deepEqual(affine.series(scene), []);
  assert.equal(affine.table(scene).length, 1 + size);
});

test("which channels are outermost is asked again only now and then while a run goes on", () => {
  const [steps] = HEADER.layouts;
  const own = layout(1, "channels", [{ network, layer: "hidden 2", quantity: "gamma", shape: [8] }]);
  const scene = makeScene({ header: { ...HEADER, layouts: [steps, own] }, steps: [] });
  scene.run.seq = 1e6;
  const keys = new Set();
  for (let step = 0; step < 256; step++) {
    const row = Float32Array.from({ length: 8 }, (_, channel) => (channel === step % 8 ? 2 : 1));
    scene.history.append({ stream: 1, seq: step + 1, step, time: step, row });
    keys.add(affine.key(scene));
  }
  assert.ok(keys.size <= 8 && affine.series(scene).length === 2, `${keys.size}`);
});

/** The middle of a channel's point, and its number. */
function pointAt({ x, y }, channel) {
  const each = x.length / 4;
  const middle = (some) => (Math.min(...some) + Math.max(...some)) / 2;
  const mine = (some) => [...some].slice(each * channel, each * (channel + 1)).filter(Number.isFinite);
  return [middle(mine(x)), middle(mine(y))];
}

test("a channel whose running statistic differs stands beside the diagonal by as much", () => {
  const scene = measured();
  const [mean, variance] = running.figure(scene).data;
  const [at, up] = pointAt(mean, 1);
  near(at, -3);
  near(up, -2);
  const same = pointAt(mean, 2);
  near(same[0], same[1]);
  const [across, upwards] = pointAt(variance, 2);
  near(across, -2);
  near(upwards, -1);
  assert.deepEqual(mean.customdata[mean.x.length / 4], [1, -3, -2]);
  for (const { trace, x, y } of running.shapes(scene)) {
    assert.deepEqual([...x], [...running.figure(scene).data[trace].x]);
    assert.deepEqual([...y], [...running.figure(scene).data[trace].y]);
  }
  assert.match(running.summary(scene), /0\.188 of the batch's σ on average, most in channel 1: 0\.500/);
  assert.deepEqual(running.pick(scene, { customdata: [3, 0, 0] }), { unit: 3 });
});

test("both axes of running statistics have one range, and a variance of 0 no point", () => {
  const scene = measured({ more: { batch_variance: [0, 4, 0.01, 1] } });
  const { data, layout: drawn } = running.figure(scene);
  assert.deepEqual(drawn.xaxis.range, drawn.yaxis.range);
  assert.deepEqual(drawn.xaxis2.range, drawn.yaxis2.range);
  assert.ok(drawn.xaxis2.tickvals.length >= 2 && drawn.xaxis2.range.every(Number.isFinite));
  assert.ok(Number.isNaN(data[1].x[0]) && Number.isFinite(pointAt(data[1], 1)[0]));
});

test("the stages under the microscope share one axis, and the unit's numbers stand in it", () => {
  const scene = measured({ selection: { layer: "hidden 2" } });
  const { data, layout: drawn } = microscope.figure(scene);
  assert.deepEqual(
    Object.keys(drawn).filter((name) => name.startsWith("xaxis")),
    ["xaxis"],
  );
  // x reaches from -9.4 to 3.4.
  assert.ok(drawn.xaxis.range[0] <= -9 && drawn.xaxis.range[1] >= 3, drawn.xaxis.range.join());
  const [strip, line] = data.filter(({ uid }) => uid.startsWith("unit"));
  // Channel 2 of hidden 2 has mean 1 and σ 0.1, gamma 3 and beta 0.2: farthest from 0 in its own σ.
  allNear(line.x, [1, 0, 0.2]);
  allNear(strip.x, [0.9, -1, -2.8, 3.2, 1, 1.1]);
  const said = microscope.legend(scene).map(({ text }) => text);
  assert.ok(said[1].startsWith("unit 2") && said.length === 3, said.join());
  assert.equal(microscope.controls(scene).find(({ name }) => name === "unit").value, "2");
});

test("a chosen unit stays, and needs no reason", () => {
  const scene = measured({ selection: { layer: "hidden 2", unit: 1 } });
  const line = microscope.figure(scene).data.find(({ uid }) => uid === "unit-1");
  allNear(line.x, [-3, 0, 0.1]);
  assert.equal(microscope.legend(scene).length, 2);
});

test("where the values of all units were not recorded, the unit's own numbers stand in their rows", () => {
  const scene = measured({ selection: { layer: "hidden 1" } });
  // Of hidden 1 the pre-activation alone was recorded: with nothing known of the place of the normalization, no more.
  assert.ok(!microscope.available(scene));
  const variants = [{ name: "with BN", normalization: { kind: "batch", place: "before" } }];
  const known = measured({ selection: { layer: "hidden 1" } });
  known.run.config = { variants };
  assert.ok(microscope.available(known));
  const { data, layout: drawn } = microscope.figure(known);
  assert.deepEqual(
    data.map(({ uid }) => uid),
    ["stage-pre_activation", "unit-0", "unit-1"],
  );
  assert.equal(drawn.annotations.length, 3);
  allNear(data[2].x, [1, 0, 0.2]);
  assert.equal(microscope.shapes(known).length, 3);
});
