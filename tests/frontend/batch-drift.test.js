// A run that was watched without a fixed batch: its drift is that on the training batches, under names of its own.

import assert from "node:assert/strict";
import test from "node:test";

import { csvFile } from "../../frontend/charts/csv.js";
import { mostShift } from "../../frontend/run/most-shift.js";
import { runSummaryOf } from "../../frontend/run/summary.js";
import { batchDrift } from "../../frontend/views/batch-drift.js";
import { ridges } from "../../frontend/views/ridges.js";
import { sampling } from "../../frontend/views/sampling.js";
import { shift } from "../../frontend/views/shift.js";
import { batchDriftScene, STEPS } from "./batch-drift-scene.js";
import { LAYERS, layout, NETWORKS } from "./scene.js";

const OVER_SIGMA = "Wasserstein / σ of training batches since step 0";

test("it is drawn by layer, over sigma at first, with the noise of batches beside it", () => {
  const scene = batchDriftScene();
  assert.ok(batchDrift.available(scene));
  const { data, layout: drawn } = batchDrift.figure(scene);
  assert.equal(data.length, NETWORKS.length * (LAYERS.length + 1));
  const [first] = data;
  assert.deepEqual([first.name, [...first.x], [...first.y]], ["without BN · hidden 1", STEPS, [0, 2, 3]]);
  assert.ok(first.hovertemplate.includes(OVER_SIGMA), first.hovertemplate);
  const floors = data.filter(({ name }) => name.endsWith("noise floor"));
  assert.deepEqual(
    floors.map(({ y, line }) => [[...y], line.dash]),
    NETWORKS.map(() => [[0.125, 0.125, 0.125], "2px,3px"]),
  );
  assert.match(floors[0].hovertemplate, /1\/√m, in σ/);
  assert.ok(drawn.annotations.some(({ text }) => text === "W₁ / σ"));
  assert.ok(batchDrift.legend(scene).some(({ text, dash }) => dash === "dot" && text.includes("σ/√m")));
});

test("the shift map and the sampling shift, which need a fixed batch, are not there", () => {
  assert.deepEqual(
    [shift, sampling].map((view) => view.available(batchDriftScene())),
    [false, false],
  );
});

test("chart, ridges, headline, most shift, summary and file show one number under its name", () => {
  const scene = batchDriftScene();
  assert.equal(ridges.labels(scene)[0].texts[0], "7.00 σ");
  assert.match(runSummaryOf(scene)[0], new RegExp(`^${OVER_SIGMA}: most in hidden 2, 5.00 σ`));
  assert.deepEqual(mostShift(scene), { step: 16, network: "with BN", layer: "hidden 2", value: 25 });
  assert.equal(
    batchDrift.summary({ ...scene, selection: { ...scene.selection, layer: "output" } }).split("; ")[0],
    `without BN · output: ${OVER_SIGMA} 7.00`,
  );
  const { name, text } = csvFile(batchDrift, scene);
  assert.equal(name, "a run batch_drift.csv");
  assert.ok(text.includes("without BN,output,batch_wasserstein_over_sigma_from_start,16,7\n"));
  assert.ok(text.includes("without BN,noise floor,batch_noise_floor,8,0.125\n"));
});

test("what is not in sigmas has no noise floor, and the page shows the chosen quantity throughout", () => {
  const chosen = "batch_wasserstein_from_start";
  const scene = batchDriftScene({ selection: { choices: { batch_drift: chosen } } });
  const [what, since] = batchDrift.controls(scene);
  assert.deepEqual([what.value, since.value], ["batch_wasserstein", "start"]);
  assert.equal(batchDrift.series(scene).length, NETWORKS.length * LAYERS.length);
  assert.equal(batchDrift.legend(scene).length, NETWORKS.length);
  assert.match(runSummaryOf(scene)[0], /^Wasserstein of training batches since step 0: most in hidden 2, 4\.00 ·/);
});

test("where drift on a fixed batch was recorded too, it is what the page shows throughout", () => {
  const entries = [{ network: NETWORKS[0], layer: "output", site: "pre_activation", unit: "std" }].map((one) => ({
    ...one,
    quantity: "wasserstein_over_sigma_from_start",
  }));
  const scene = batchDriftScene({ more: [layout(3, "drift", entries)] });
  scene.history.append({ stream: 3, seq: 99, step: 16, time: 0, row: Float32Array.from([0.5]) });
  assert.ok(shift.available(scene) && batchDrift.available(scene));
  assert.match(runSummaryOf(scene)[0], /^Wasserstein \/ σ since step 0: most in output, 0\.500 σ/);
  assert.ok(batchDrift.summary(scene).includes(OVER_SIGMA));
});

test("what is measured and since when are two choices, which choose one quantity", () => {
  const scene = batchDriftScene({ selection: { choices: { batch_drift: "batch_wasserstein_from_start" } } });
  const [what, since] = batchDrift.controls(scene);
  assert.deepEqual(
    what.options.map(({ text }) => text),
    ["Wasserstein / σ", "mean shift / σ", "Wasserstein"],
  );
  assert.deepEqual(what.change("batch_wasserstein_over_sigma"), { type: "choose", name: "batch_drift", value: null });
  assert.equal(since.options[0].text, "step 0");
  assert.equal(since.change("start").value, "batch_wasserstein_from_start");
});
