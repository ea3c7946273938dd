/** Time by value as Plotly draws it. */

import { colorStops, css } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { spread } from "../app/numbers.js";
import { atStep, axis, axisId, axisName, colorsOf, heading, layoutOf, split, stepAxis, stepTitle } from "./common.js";
import { allBands, panels, scaleOf, shareAt, valueRange } from "./density-panels.js";
import { peakOf } from "./distribution.js";
import { points } from "./line-points.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("./distribution.js").Distribution} Distribution */
/** @typedef {import("./density-panels.js").Panel} Panel */

const MOST_POINTS = 3000;
const SETTLED = { columns: 160, rows: 48 };
const NO_CELLS = [
  [null, null],
  [null, null],
];

/** A percentile's line for Plotly. @param {Scene} scene @param {import("../types").Series} line */
function pointsOf(scene, line) {
  const { x, y } = points(scene, line, MOST_POINTS);
  return { x, y };
}

/**
 * Cells of a settled heatmap.
 * @param {Scene} scene @param {Distribution} distribution @param {[number, number]} range
 */
function cells(scene, distribution, range) {
  const stream = scene.history.stream(distribution.stream);
  const slots = spread(stream.count, SETTLED.columns)
    .map((position) => stream.order[position])
    .filter((slot) => stream.rowOf[slot] >= 0);
  const y = Array.from(
    { length: SETTLED.rows },
    (_, i) => range[0] + ((i + 0.5) * (range[1] - range[0])) / SETTLED.rows,
  );
  const columns = slots.map((slot) => {
    const row = /** @type {Float32Array} */ (stream.row(slot));
    const peak = peakOf(distribution, row);
    return y.map((value) => shareAt(distribution, row, peak, value));
  });
  return { x: slots.map((slot) => stream.steps[slot]), y, z: y.map((_, i) => columns.map((column) => column[i])) };
}

/** @param {Scene} scene @param {Panel[]} shown @param {[number, number]} range */
function layoutFor(scene, shown, range) {
  const across = split(Math.max(1, shown.length), scene.narrow ? 0.09 : 0.035);
  const colors = colorsOf(scene);
  const headings = shown.map(({ distribution, index }, i) => {
    const text = `${named(distribution.network, scene.t)} · ${named(distribution.layer, scene.t)}`;
    return heading(scene, text, css(colors[index]), across[i]);
  });
  /** @type {Record<string, any>} */
  const layout = layoutOf(scene, {
    annotations: headings,
    yaxis: axis(scene, { range, nticks: 6, showgrid: false, anchor: "x", fixedrange: true }),
  });
  shown.forEach((_, i) => {
    layout[axisName("x", i)] = stepAxis(scene, { domain: across[i], anchor: "y", title: stepTitle(scene, i === 0) });
  });
  return layout;
}

/**
 * @param {Scene} scene @param {boolean} [settled] @param {Panel[]} [shown]
 * @returns {import("../types").Figure}
 */
export function densityFigure(scene, settled = true, shown = panels(scene)) {
  const range = valueRange(scene, shown);
  const cell = scene.t("density.cell", { step: atStep(scene.t), value: "%{y:.3g}", share: "<b>%{z:.0%}</b>" });
  const heat = shown.map(({ distribution, index }, i) => ({
    type: "heatmap",
    uid: `heat${i}`,
    xaxis: axisId("x", i),
    yaxis: "y",
    colorscale: colorStops(scaleOf(scene, index)),
    zmin: 0,
    zmax: 1,
    showscale: false,
    ...(settled ? cells(scene, distribution, range) : { x: [0, 1], y: range, z: NO_CELLS }),
    zsmooth: false,
    hoverongaps: false,
    hovertemplate: `${cell}<extra></extra>`,
  }));
  const lines = allBands(scene, shown).map((line, i) => ({
    type: "scatter",
    mode: "lines",
    uid: `band${i}`,
    xaxis: axisId("x", line.column),
    yaxis: "y",
    ...(settled ? pointsOf(scene, line) : { x: [], y: [] }),
    line: { color: line.color, width: line.width, simplify: false },
    name: line.name,
    hovertemplate: `${line.name} · ${atStep(scene.t)}: <b>%{y:.4g}</b><extra></extra>`,
  }));
  return { data: [...heat, ...lines], layout: layoutFor(scene, shown, range) };
}
