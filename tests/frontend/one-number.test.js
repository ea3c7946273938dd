// A recorded run (tests/golden/make_run.py) as a viewer receives it: what each part of the page shows under a name is
// one number, and where that name is a probe's, it is what the probe recorded.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { brief } from "../../frontend/app/numbers.js";
import { csvFile } from "../../frontend/charts/csv.js";
import { mostShift } from "../../frontend/run/most-shift.js";
import { runSummaryOf } from "../../frontend/run/summary.js";
import { LayoutIndex } from "../../frontend/stream/layout-index.js";
import { eachFrame } from "../../frontend/stream/protocol.js";
import { RunHistory } from "../../frontend/stream/run-history.js";
import { gradients } from "../../frontend/views/gradients.js";
import { VIEWS } from "../../frontend/views/index.js";
import { loss } from "../../frontend/views/loss.js";
import { ridges } from "../../frontend/views/ridges.js";
import { shift } from "../../frontend/views/shift.js";
import { makeScene } from "./scene.js";

const golden = (name) => readFileSync(new URL(`../golden/${name}`, import.meta.url));
const HEADER = JSON.parse(golden("run.json"));
const BYTES = new Uint8Array(golden("run.bin")).buffer;

function sceneOf(selection = {}) {
  const layoutIndex = new LayoutIndex(HEADER);
  const history = new RunHistory(layoutIndex.sizes);
  eachFrame(BYTES, layoutIndex.sizes, (frame) => history.append(frame));
  return {
    ...makeScene({ steps: [], selection }),
    header: HEADER,
    layoutIndex,
    history,
    run: { id: "r", name: "golden" },
  };
}

/** What the bytes hold of a quantity, by network, layer and step; none of the page's code but the decoder's. */
function recorded(quantity, where = {}) {
  const layoutIndex = new LayoutIndex(HEADER);
  const found = [];
  eachFrame(BYTES, layoutIndex.sizes, ({ stream, step, row }) => {
    for (const entry of HEADER.layouts.find((one) => one.stream === stream).entries)
      if (entry.quantity === quantity && Object.entries(where).every(([name, value]) => entry[name] === value))
        found.push({ ...entry, step, value: row[entry.offset] });
  });
  return found;
}

const lastOf = (quantity, where) => recorded(quantity, where).at(-1);
/** Rows of a chart's file by its heads. */
function rowsOf(view, scene) {
  const [heads, ...rows] = csvFile(view, scene)
    .text.trim()
    .split("\n")
    .map((line) => line.split(","));
  return rows.map((row) => Object.fromEntries(heads.map((head, i) => [head, row[i]])));
}
const NAMES = {
  wasserstein_over_sigma_from_start: "Wasserstein / σ since step 0",
  mean_shift_from_start: "mean shift / σ since step 0",
  unit_wasserstein_over_sigma_from_start: "by unit: Wasserstein / σ since step 0",
};
const PLAIN = HEADER.networks[0].name;
const LAST = String(recorded("mean").at(-1).step);
const LAYERS = HEADER.networks[0].layers.map(({ name }) => name);

for (const [quantity, name] of Object.entries(NAMES))
  test(`${name}: map, label, ridge, headline, summary and file show what was recorded`, () => {
    const scene = sceneOf({ choices: { drift: quantity } });
    const values = LAYERS.map((layer) => lastOf(quantity, { network: PLAIN, layer }).value);
    assert.ok(values.every((value) => value > 0));
    const texts = values.map((value) => `${brief(value)} σ`);
    const [cells] = shift.figure(scene).data;
    const label = (row) => cells.text[row].at(-1).replace(/.*<b>(.*)<\/b>/, "$1");
    const ridge = ridges.labels(scene)[0].texts.slice(0, LAYERS.length).reverse();
    const file = rowsOf(shift, scene).filter((row) => row.network === PLAIN && row.step === LAST);
    for (const [i, layer] of LAYERS.entries()) {
      assert.deepEqual([label(i), ridge[i]], [texts[i], texts[i]], layer);
      assert.equal(Math.fround(file.find((row) => row.layer === layer)[name]), values[i]);
    }
    const most = Math.max(...values.slice(0, -1)); // of the hidden layers: the output has to move
    const said = `${brief(most)} σ`;
    assert.ok(runSummaryOf(scene)[0].startsWith(`${name}: most in ${LAYERS[values.indexOf(most)]}, ${said}`));
    for (const view of [ridges, shift]) assert.ok(view.summary(scene).includes(`${said} (${name})`), view.id);
    const all = recorded(quantity).filter(({ layer }) => layer && layer !== LAYERS.at(-1));
    assert.equal(mostShift(scene).value, Math.max(...all.map(({ value }) => value)));
  });

test("against another step the ridges, the headline and the summary show one number of the page's own", () => {
  const scene = sceneOf({ compare: 15 });
  const name = "distance of training batches / σ since step 15";
  const [, told] = runSummaryOf(scene)[0].match(/^(.*?): most in/);
  assert.equal(told, name);
  const [, layer, text] = runSummaryOf(scene)[0].match(/most in (.*?), (.*? σ)/);
  const at = (quantity, step) =>
    recorded(quantity, { network: PLAIN, layer }).find((one) => one.step === step && one.site !== "linear_output")
      .value;
  const [mean, std] = [at("mean", Number(LAST)) - at("mean", 15), at("std", Number(LAST)) - at("std", 15)];
  assert.equal(text, `${brief(Math.hypot(mean, std) / at("std", 15))} σ`);
  assert.equal(ridges.labels(scene)[0].texts[LAYERS.length - 1 - LAYERS.indexOf(layer)], text);
  assert.ok(ridges.summary(scene).includes(`${text} (${name})`));
  assert.ok(!Object.values(NAMES).includes(name));
});

test("a gradient's norm is one number in chart, label, headline and file", () => {
  const scene = sceneOf();
  const value = lastOf("gradient_norm", { network: PLAIN, layer: LAYERS[0], site: "" }).value;
  const trace = gradients.figure(scene).data.find((one) => one.name === `${PLAIN} · ${LAYERS[0]}`);
  const file = rowsOf(gradients, scene).filter((row) => row.network === PLAIN && row.line === LAYERS[0]);
  assert.equal(trace.y.at(-1), value);
  assert.equal(trace.customdata.at(-1)[0], value);
  assert.deepEqual([file.at(-1).quantity, Math.fround(file.at(-1).value)], ["gradient_norm", value]);
  assert.equal(Number(file.at(-1).running_mean_of_15), trace.customdata.at(-1)[1]);
  assert.ok(runSummaryOf(scene)[0].includes(`gradient norm ${brief(value)} in ${LAYERS[0]}`));
});

test("an accuracy is one number in chart, label, headline, summary and file", () => {
  const scene = sceneOf();
  const { value } = lastOf("test_accuracy", { network: PLAIN });
  const percent = `${(100 * value).toFixed(1)} %`;
  const file = rowsOf(loss, scene).filter((row) => row.network === PLAIN && row.quantity === "test_accuracy");
  assert.equal(Math.fround(file.at(-1).value), value);
  assert.ok(runSummaryOf(scene)[0].includes(`test accuracy ${percent}`));
  assert.ok(loss.summary(scene).includes(`${PLAIN} · test set: accuracy ${percent}`));
  const trace = loss.figure(scene).data.find((one) => one.y.at(-1) === value && one.yaxis === "y2");
  assert.match(trace.hovertemplate, /customdata\[0\]:\.1%/);
});

test("whatever a chart's file lists by a recorded name is what was recorded", () => {
  const scene = sceneOf();
  let compared = 0;
  for (const view of VIEWS.filter((one) => one.available(scene)))
    for (const row of rowsOf(view, scene)) {
      if (row.quantity === undefined || row.step === undefined) continue;
      const same = recorded(row.quantity, { network: row.network }).filter(({ step }) => step === Number(row.step));
      const value = row.value === "NaN" ? NaN : Math.fround(row.value);
      const index = Number(/\[(\d+)\]$/.exec(row.line)?.[1] ?? -1);
      if (index >= 0) continue;
      assert.ok(
        same.some((one) => Object.is(one.value, value)),
        `${view.id}: ${JSON.stringify(row)}`,
      );
      compared++;
    }
  assert.ok(compared > 300);
});
