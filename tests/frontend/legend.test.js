// What a chart's legend says of its lines, and the axes on which these stand.

import assert from "node:assert/strict";
import test from "node:test";

import { legendLines } from "../../frontend/charts/legend.js";
import { gradients } from "../../frontend/views/gradients.js";
import { depthLegend } from "../../frontend/views/line-legend.js";
import { lineView } from "../../frontend/views/lines.js";
import { loss } from "../../frontend/views/loss.js";
import { HEADER, makeScene, NETWORKS } from "./scene.js";

const textsOf = (items) => items.map(({ text }) => text).filter(Boolean);

test("lines of layers are named from the first to the last, and so is the layer in focus", () => {
  assert.deepEqual(textsOf(depthLegend(makeScene())), ["hidden 1 → output"]);
  const focused = depthLegend(makeScene({ selection: { layer: "hidden 2" } }));
  assert.deepEqual(textsOf(focused), ["hidden 1 → output", "hidden 2"]);
  assert.equal(focused.at(-1).colors.length, NETWORKS.length);
  const only = { ...HEADER, networks: HEADER.networks.map((one) => ({ ...one, layers: one.layers.slice(0, 1) })) };
  assert.deepEqual(textsOf(depthLegend(makeScene({ header: only }))), ["hidden 1"]);
});

test("networks that share a plot differ by dash, in the plot as in its legend", () => {
  const scene = makeScene();
  const evaluated = loss.legend(scene).slice(0, NETWORKS.length);
  assert.deepEqual(
    evaluated.map(({ pattern }) => pattern.length > 0),
    [false, true],
  );
  const [, dashed] = legendLines(evaluated, 1000, String)[0].split("    ");
  assert.ok(dashed.includes("╍╍"), dashed);
});

test("an axis goes no farther than its values can", () => {
  const row = (more) => {
    const [line] = gradients.series(makeScene());
    const view = lineView({
      id: "toy",
      rows: [{ title: "quantity.mean", ...more }],
      lines: () => [{ ...line, row: 0, column: 0, mean: undefined }],
    });
    const scene = makeScene();
    scene.history.stream(line.stream).column(line.offset).fill(0.995, 0, 1);
    return view.figure(scene).layout.yaxis;
  };
  assert.ok(row({}).range[1] > 1);
  assert.equal(row({ bounds: [-1, 1] }).range[1], 1);
  assert.equal(row({ share: true }).range[1], 1);
  assert.equal(row({ share: true }).tickformat, ".0%");
  assert.equal(row({ log: true, bounds: [0.5, Infinity] }).range[0], Math.log10(0.5));
});
