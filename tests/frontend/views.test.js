import assert from "node:assert/strict";
import test from "node:test";

import english from "../../frontend/locales/en.js";
import { runSummaryOf } from "../../frontend/run/summary.js";
import { LayoutIndex } from "../../frontend/stream/layout-index.js";
import { affine } from "../../frontend/views/affine.js";
import { density } from "../../frontend/views/density.js";
import { focusLayer } from "../../frontend/views/focus.js";
import { gradients } from "../../frontend/views/gradients.js";
import { VIEWS } from "../../frontend/views/index.js";
import { loss } from "../../frontend/views/loss.js";
import { moments } from "../../frontend/views/moments.js";
import { heightOf } from "../../frontend/views/ridge-shapes.js";
import { ridges } from "../../frontend/views/ridges.js";
import { shift } from "../../frontend/views/shift.js";
import { scaleTop, warped } from "../../frontend/views/shift-scale.js";
import { units } from "../../frontend/views/units.js";
import { BINS, HEADER, LAYERS, layout, makeScene } from "./scene.js";

const near = (actual, expected) => assert.ok(Math.abs(actual - expected) < 1e-5, `${actual} is not ${expected}`);

test("every available view draws finite axes, and says and lists what it shows", () => {
  const scene = makeScene();
  for (const view of VIEWS.filter((one) => one.available(scene))) {
    const { data, layout: drawn } = view.figure(scene);
    assert.ok(data.length > 0, view.id);
    for (const [name, axis] of Object.entries(drawn)) {
      if (/^[xy]axis/.test(name)) assert.ok(axis.range.every(Number.isFinite), `${view.id} ${name} ${axis.range}`);
    }
    assert.ok(view.summary(scene).length > 3, view.id);
    const table = view.table(scene);
    assert.ok(table.length > 1 && table.every((row) => row.length === table[0].length), view.id);
    assert.equal(view.key(scene), view.key(scene));
  }
});

test("a run's summary has each network's farthest layer, gradients and accuracy, once they have come", () => {
  const said = runSummaryOf(makeScene({ steps: [0, 50] }));
  assert.equal(said.length, 2);
  // The output of the plain network moves by 3 sigma in 100 steps; norms fall by ten from layer to layer.
  assert.equal(
    said[0],
    "distance of training batches / σ since step 0: most in hidden 2, 1.00 σ · " +
      "gradient norm 1.00 in hidden 1, 0.010 in output",
  );
  assert.deepEqual(runSummaryOf(makeScene({ steps: [] })), ["", ""]);
});

test("without a choice, the layer in focus is the last hidden one that is normalized", () => {
  const [plain, normalized] = HEADER.networks;
  const layers = normalized.layers.map((layer, i) => ({ ...layer, normalization: i === 0 ? "batch" : "" }));
  assert.equal(focusLayer(makeScene()), "hidden 2");
  assert.equal(
    focusLayer(makeScene({ header: { ...HEADER, networks: [plain, { ...normalized, layers }] } })),
    "hidden 1",
  );
  assert.equal(
    focusLayer(makeScene({ header: { ...HEADER, networks: [plain, { ...plain, name: normalized.name }] } })),
    "hidden 2",
  );
});

test("ridges whose frames have not come have a point each: Plotly gives a trace without one no line to go by", () => {
  const { data } = ridges.figure(makeScene({ steps: [] }));
  const moving = data.filter(({ mode }) => mode === "lines");
  assert.equal(moving.length, 2 * 2 * LAYERS.length);
  for (const { x, y } of moving) assert.deepEqual([x, y], [[null], [null]]);
});

test("a ridge is the histogram in sigmas of the compared step, on its row's base line", () => {
  const scene = makeScene({ steps: [0, 50] });
  const { data } = ridges.figure(scene);
  const now = data.find((trace) => trace.uid === "now-0-1");
  // hidden 2 of the plain network moves by 2 sigma in 100 steps: 1 sigma at step 50
  assert.equal(now.x.length, BINS + 2);
  near(now.x[1], -3.5 + 1);
  near(now.y[0], 1);
  near(now.y[BINS + 1], 1);
  const still = data.find((trace) => trace.uid === "now-1-1");
  near(still.x[1], -3.5);
  near(Math.max(...still.y) - 1, 0.82);
});

test("what moves each frame is what a whole figure would draw", () => {
  const scene = makeScene({ steps: [0, 1, 50], selection: { step: 1 } });
  const { data } = ridges.figure(scene);
  for (const { trace, x, y } of ridges.shapes(scene)) {
    assert.deepEqual([...x], [...data[trace].x]);
    assert.deepEqual([...y], [...data[trace].y]);
  }
  for (const { trace, texts } of ridges.labels(scene)) assert.deepEqual(texts, data[trace].text);
});

test("heights keep a collapsed and a spread layer in sight", () => {
  assert.equal(heightOf(1), 1);
  assert.ok(heightOf(0.01) > 0.1 && heightOf(1000) < 2);
});

test("without recorded drift the map shows the distance of training batches, by that name", () => {
  const scene = makeScene({ steps: [0, 50] });
  const { data } = shift.figure(scene);
  near(data[0].z[2][1], warped(1.5));
  near(data[1].z[2][1], 0);
  assert.equal(data[0].coloraxis, data[1].coloraxis);
  // The hidden layers decide: the second moves by 1, the output by 1.5.
  assert.equal(scaleTop(scene), 1);
  assert.equal(shift.table(scene)[0][3], "distance of training batches / σ since step 0");
});

/** Two measures of drift, of which the first counts 1 in every layer and the second 2. */
function withDrift(selection = {}) {
  const entries = HEADER.networks.flatMap(({ name }) =>
    LAYERS.flatMap((layer) =>
      ["mean_shift_from_start", "wasserstein_over_sigma_from_start"].map((quantity) => ({
        network: name,
        layer,
        site: "pre_activation",
        quantity,
        unit: "std",
      })),
    ),
  );
  const scene = makeScene({
    header: { ...HEADER, layouts: [...HEADER.layouts, layout(3, "drift", entries)] },
    steps: [0, 50],
    selection,
  });
  for (const step of [0, 50]) {
    const row = Float32Array.from(entries, (_, i) => (step === 0 ? 0 : 1 + (i % 2)));
    scene.history.append({ stream: 3, seq: 90 + step, step, time: 0, row });
  }
  return scene;
}

test("recorded drift is read: the Wasserstein distance unless another is chosen", () => {
  for (const [selection, expected, name] of [
    [{}, 2, "Wasserstein / σ since step 0"],
    [{ choices: { drift: "mean_shift_from_start" } }, 1, "mean shift / σ since step 0"],
    [{ choices: { drift: "no such measure" } }, 2, "Wasserstein / σ since step 0"],
  ]) {
    const scene = withDrift(selection);
    near(shift.figure(scene).data[0].z[0][1], warped(expected));
    assert.equal(shift.table(scene)[0][3], name);
    assert.match(runSummaryOf(scene)[0], new RegExp(`^${name}: most in .*, ${expected}.00 σ`));
    assert.match(ridges.labels(scene)[0].texts[0], new RegExp(`^${expected}.00 σ`));
  }
});

test("against another step than the first, the number at a ridge is the page's own, by its own name", () => {
  const scene = withDrift({ compare: 50, step: 0 });
  const name = "distance of training batches / σ since step 50";
  assert.match(runSummaryOf(scene)[0], new RegExp(`^${name}: most in hidden 2, 1.00 σ`));
  assert.match(ridges.summary(scene), new RegExp(`hidden 2 has moved most, by 1.00 σ .${name}`));
  near(shift.figure(scene).data[0].z[0][1], warped(2));
});

test("a diverged network's lines end: NaN stays NaN", () => {
  const scene = makeScene({ steps: [0, 1, 2, 3], broken: [2, 3] });
  const [batch] = loss.figure(scene).data;
  assert.deepEqual(batch.y.map(Number.isNaN), [false, false, true, true]);
  const { data } = ridges.figure(scene);
  assert.ok(
    data.every((trace) =>
      [...trace.x, ...trace.y].every((value) => typeof value !== "number" || Number.isFinite(value)),
    ),
  );
});

test("a loss that nobody gave, and evaluations that nobody made, have no chart and no line of their legend", () => {
  const evaluated = layout(2, "evaluation", [{ network: "with BN", quantity: "test_loss" }]);
  const mute = makeScene({ header: { ...HEADER, layouts: [HEADER.layouts[1], evaluated] }, steps: [] });
  assert.ok(!loss.available(mute));
  const before = loss.key(mute);
  mute.history.append({ stream: 2, seq: 1, step: 0, time: 0, row: Float32Array.from([0.5]) });
  assert.ok(loss.available(mute) && loss.key(mute) !== before);
  assert.deepEqual(
    loss.legend(mute).map(({ text }) => text),
    ["without BN", "with BN", "test set"],
  );
});

test("one line a layer and network", () => {
  const scene = makeScene();
  assert.equal(gradients.series(scene).length, 12);
  assert.equal(moments.series(scene).length, 12);
});

test("gamma and beta follow the layer in focus", () => {
  const first = affine.series(makeScene({ selection: { layer: "hidden 1" } }))[0].offset;
  const second = affine.series(makeScene({ selection: { layer: "hidden 2" } }))[0].offset;
  assert.notEqual(first, second);
});

test("a view without its quantities is not available; unknown ones are those of a probe of one's own", () => {
  const bare = makeScene();
  assert.equal(units.available(bare), false);
  const strange = {
    networks: [{ name: "mine", layers: [{ name: "conv", features: 3, activation: "", normalization: "" }] }],
    layouts: [layout(5, "mine", [{ quantity: "sparkle" }])],
    total_steps: null,
  };
  const scene = { ...bare, header: strange, layoutIndex: new LayoutIndex(strange) };
  assert.deepEqual(
    VIEWS.filter((view) => view.available(scene)).map(({ id }) => id),
    ["own_probes"],
  );
});

const NAMES = [
  ...Object.keys(english)
    .filter((key) => key.startsWith("quantity."))
    .map((key) => key.slice("quantity.".length)),
  ..."histogram histogram_range histogram_outside quantiles batch_mean batch_noise_floor micro_batches".split(" "),
];

for (const shape of [[], [3], [2, 3], [0]])
  test(`a stream of somebody's own that has the probes' names in the shape [${shape}] harms no chart`, () => {
    for (const quantity of NAMES) {
      const entries = HEADER.networks.flatMap(({ name: network, layers }) =>
        ["", "pre_activation", "weight"].flatMap((site) => [
          { network, site, quantity, shape },
          ...layers.map(({ name }) => ({ network, layer: name, site, quantity, shape })),
        ]),
      );
      const own = layout(12, "mine", entries);
      const scene = makeScene({ header: { ...HEADER, layouts: [...HEADER.layouts, own] }, steps: [0, 5] });
      const row = new Float32Array(scene.layoutIndex.sizes.get(12)).fill(1);
      scene.history.append({ stream: 12, seq: 100, step: 5, time: 0, row });
      for (const view of VIEWS.filter((one) => one.available(scene))) {
        for (const [name, axis] of Object.entries(view.figure(scene).layout))
          if (/^[xy]axis/.test(name)) assert.ok(axis.range.every(Number.isFinite), `${view.id}: ${quantity}`);
        for (const part of ["summary", "table", "series", "shapes", "labels", "legend", "controls"])
          view[part]?.(scene);
      }
      assert.equal(runSummaryOf(scene).length, HEADER.networks.length);
    }
  });

test("time by value paints where values are, and nothing where none are", () => {
  const scene = makeScene({ steps: [0, 50] });
  const [raster] = density.rasters(scene);
  const out = new Uint32Array(100);
  const y = { slope: -10, intercept: 50, offset: 0, length: 100, log: false, range: [-5, 5] };
  raster.paint(0, out, y, 1);
  assert.notEqual(out[50], out[2]);
  assert.equal(out[2], out[97]);
});

test("names of a run's networks are text, not markup", () => {
  const header = structuredClone(HEADER);
  header.networks[0].name = "<b>x</b>";
  for (const one of header.layouts)
    for (const entry of one.entries) if (entry.network === "without BN") entry.network = "<b>x</b>";
  const { layout: drawn } = shift.figure(makeScene({ header, steps: [] }));
  assert.equal(drawn.annotations[0].text, "&lt;b&gt;x&lt;/b&gt;");
});
