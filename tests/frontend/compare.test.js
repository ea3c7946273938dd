// Many runs: found in the list by their words, in the order of their losses, and laid over each other in one chart.

import assert from "node:assert/strict";
import test from "node:test";

import { translator } from "../../frontend/app/i18n.js";
import { FIRST_SELECTION, leftOut, MOST_COMPARED, pairOf } from "../../frontend/app/state.js";
import { byLastLoss, hasWords, lastLosses } from "../../frontend/run/run-filter.js";
import { Reader } from "../../frontend/stream/run-reader.js";
import { overlay, valueAt } from "../../frontend/views/overlay.js";
import { comparable } from "../../frontend/views/overlay-quantity.js";
import { NETWORKS, stateOf, THEME } from "./scene.js";

const t = translator("en");
const run = (id, more = {}) => ({ id, name: `run ${id}`, state: "finished", source: "script", config: null, ...more });

test("a run is found by all the words of its name and its settings", () => {
  const config = { seed: 7, optimizer: { kind: "adam", learning_rate: 0.01 }, network: { depth: 5, width: 64 } };
  const deep = run("a", { config, source: "worker", name: "Deep one" });
  for (const words of ["", "deep", "DEEP 0.01", "seed 7", "finished adam"]) assert.ok(hasWords(deep, words, t), words);
  for (const words of ["shallow", "deep 0.02"]) assert.ok(!hasWords(deep, words, t), words);
});

test("runs stand by the loss of their best network at the end, those without one last as they were", () => {
  const curves = (...losses) => ({
    seq: 1,
    steps: [0, 1],
    networks: losses.map((loss, i) => ({ network: NETWORKS[i], normalized: i > 0, loss: [3, loss] })),
  });
  const known = new Map([
    ["a", curves(0.5, null)],
    ["b", curves(0.9, 0.2)],
    ["d", curves(null)],
  ]);
  const ordered = byLastLoss([run("c"), run("d"), run("a"), run("b")], known).map(({ id }) => id);
  assert.deepEqual(ordered, ["b", "a", "c", "d"]);
  assert.deepEqual(lastLosses(known.get("a")), [
    { network: NETWORKS[0], loss: 0.5 },
    { network: NETWORKS[1], loss: NaN },
  ]);
  assert.deepEqual(lastLosses(undefined), []);
});

test("a link compares each run once, and no more than can be told apart", () => {
  assert.equal(pairOf(stateOf("?run=a")), null);
  assert.deepEqual(pairOf(stateOf("?run=a&pair=b,,a,c,b")), ["a", "b", "c"]);
  assert.equal(leftOut(stateOf("?run=a&pair=b")), 0);
  const many = Array.from({ length: MOST_COMPARED + 2 }, (_, i) => `r${i}`);
  const state = stateOf(`?run=${many[0]}&pair=${many.slice(1).join()}`);
  assert.deepEqual(pairOf(state), many.slice(0, MOST_COMPARED));
  assert.equal(leftOut(state), 2);
});

/** Three runs of two networks, evaluated at three steps. */
function sceneOf(choices = {}) {
  const networks = NETWORKS.map((name, i) => ({ name, layers: [{ name: "l", normalization: i ? "batch" : "" }] }));
  const panels = [0, 1, 2].map((at) => ({
    label: `run ${at}`,
    readings: [
      {
        networks,
        data: {},
        curves: NETWORKS.map((network, i) => ({
          network,
          quantity: "test_loss",
          steps: [0, 10, 20 + at],
          values: [1, 0.5, 0.1 * (at + 1) + i],
        })),
      },
    ],
  }));
  const selection = { ...FIRST_SELECTION, choices };
  return { run: { id: "x", name: "x" }, selection, theme: THEME, t, narrow: false, panels };
}

test("runs share one pair of axes, told apart by dash and shade, networks by colour", () => {
  const { data, layout } = overlay.figure(sceneOf());
  assert.equal(data.length, 6);
  assert.deepEqual([...new Set(data.map(({ xaxis = "x", yaxis = "y" }) => xaxis + yaxis))], ["xy"]);
  assert.equal(new Set(data.map(({ line }) => line.color)).size, 6);
  assert.equal(new Set(data.map(({ line }) => line.dash)).size, 3);
  assert.deepEqual([layout.xaxis.title.text, layout.yaxis.title.text], ["step", "test loss"]);
  assert.deepEqual(layout.xaxis.range, [0, 22]);
  const texts = overlay.legend(sceneOf()).map(({ text }) => text);
  assert.deepEqual(texts, [...NETWORKS, "run 0", "run 1", "run 2"]);
  assert.match(overlay.summary(sceneOf()), /run 2, with BN: test loss 1.30 at the end/);
});

test("as a difference each run stands less the first at the same step", () => {
  const scene = sceneOf({ "overlay-against": "first" });
  const { data, layout } = overlay.figure(scene);
  assert.equal(data.length, 4);
  assert.equal(layout.yaxis.title.text, "test loss, less that of run 0");
  const rows = overlay.table(scene);
  assert.deepEqual(rows[0], ["run", "network", "step", "difference_of_test_loss"]);
  // At 21 the first run has nothing any more: there is no difference, and none is made up.
  assert.deepEqual(
    rows.slice(1, 4).map((row) => row[3]),
    [0, 0, NaN],
  );
  const curve = { steps: [0, 10], values: [1, 2] };
  assert.deepEqual([valueAt(curve, 0), valueAt(curve, 5), valueAt(curve, 10), valueAt(curve, 11)], [1, 1.5, 2, NaN]);
});

test("of what single batches gave, the running mean is bold and the values are pale", () => {
  const scene = sceneOf({ "overlay-quantity": "loss" });
  const steps = Array.from({ length: 300 }, (_, i) => i);
  for (const { readings } of scene.panels)
    readings[0].curves = NETWORKS.map((network) => ({
      network,
      quantity: "loss",
      steps,
      values: steps.map((i) => i % 2),
    }));
  const { data } = overlay.figure(scene);
  assert.deepEqual(
    data.slice(0, 2).map(({ line, hoverinfo }) => [line.width, hoverinfo]),
    [
      [0.8, "skip"],
      [2, "all"],
    ],
  );
  assert.ok(Math.abs(data[1].y.at(-1) - 0.5) < 0.05);
  assert.equal(overlay.table(scene).length, 1 + 6 * 300);
  assert.match(overlay.legend(scene).at(-1).text, /running mean of 15/);
});

/** What is read of a script that logs a loss, and numbers by name. */
function logged(rows, names) {
  const entry = (quantity, offset = 0, network = "") => ({
    network,
    layer: "",
    site: "",
    quantity,
    shape: [],
    offset,
  });
  const layouts = [
    { stream: 9, name: "logged_loss", entries: [entry("loss", 0, "net")] },
    { stream: 11, name: "scalars", entries: [entry("scalar_number"), entry("scalar_value", 1)] },
  ];
  const reader = new Reader();
  const events = names.map((message, number) => ({ kind: "scalar", message, network: "", value: { number } }));
  reader.message({ header: { networks: [{ name: "net", layers: [] }], layouts, total_steps: null }, events });
  for (const [stream, step, ...row] of rows) {
    const bytes = new ArrayBuffer(24 + 4 * row.length);
    const view = new DataView(bytes);
    view.setUint32(0, stream, true);
    view.setUint32(8, step, true);
    row.forEach((value, i) => {
      view.setFloat32(24 + 4 * i, value, true);
    });
    reader.frames(bytes);
  }
  return reader.reading();
}

test("runs of scripts are compared by what they log: the loss first, each other number by its name", () => {
  const one = logged(
    [
      [9, 0, 3],
      [9, 5, 2],
      [11, 0, 0, 40],
      [11, 0, 1, 0.5],
      [11, 5, 0, 90],
    ],
    ["val_accuracy", "temperature"],
  );
  const other = logged([[9, 0, 4]], []);
  const panels = [one, other].map((reading, at) => ({ label: `run ${at}`, readings: [reading] }));
  const scene = { ...sceneOf(), panels };
  assert.deepEqual(comparable(panels), ["loss", "temperature", "val_accuracy"]);
  const { data, layout } = overlay.figure(scene);
  assert.deepEqual([layout.yaxis.title.text, layout.xaxis.range], ["loss", [0, 5]]);
  assert.deepEqual(
    data.map(({ x, y }) => [x, y]),
    [
      [
        [0, 5],
        [3, 2],
      ],
      [[0], [4]],
    ],
  ); // prettier-ignore
  const chosen = { ...scene, selection: { ...scene.selection, choices: { "overlay-quantity": "val_accuracy" } } };
  const figure = overlay.figure(chosen);
  assert.deepEqual([figure.data.length, figure.data[0].y], [1, [40, 90]]);
  // In percent as it was logged, and under the name that it has in the script.
  assert.deepEqual([figure.layout.yaxis.title.text, figure.layout.yaxis.tickformat], ["val_accuracy", undefined]);
});

test("what no run has a value of cannot be chosen, and of nothing there is no quantity", () => {
  const { panels } = sceneOf();
  for (const { readings } of panels) for (const curve of readings[0].curves) curve.values = [NaN, NaN, NaN];
  assert.deepEqual(comparable(panels), []);
  assert.deepEqual(overlay.figure({ ...sceneOf(), panels: [] }).data, []);
});
