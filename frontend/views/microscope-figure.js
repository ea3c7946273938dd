/** The stages that a batch passes in one layer, one below the other on one axis, and one unit's numbers in them. */

import { css } from "../app/colors.js";
import { quantile, spread } from "../app/numbers.js";
import { axis, colorsOf, escapeText, heading, layoutOf } from "./common.js";
import { standing } from "./distribution.js";
import { shownSlot } from "./focus.js";
import { sampleStages, sampleText } from "./microscope-sample.js";
import { stageText, subject, unitNumbers, unitOf } from "./microscope-subject.js";
import { densityPeak, outline } from "./ridge-shapes.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("./distribution.js").Distribution} Distribution */
/** @typedef {{site: string, distribution: Distribution | null}} Stage `distribution` of all units, where recorded */
/** @typedef {[number, number]} Range */

const RANGE_SAMPLES = 24;
/** How many σ of a stage its axis reaches to both sides. */
const REACH = 3.2;
/** One stage may be so many times as wide as the middle one before the axis cuts it off. */
const WIDEST = 4;
/** Room above the first stage for its shape. */
const ABOVE = 0.95;

/**
 * What nearly all steps so far have needed of a stage's axis.
 * @param {Scene} scene @param {Stage} stage @returns {Range | null}
 */
function reachOf(scene, { distribution }) {
  if (!distribution) return null;
  const stream = scene.history.stream(distribution.stream);
  const spans = spread(stream.count, RANGE_SAMPLES)
    .map((position) => stream.row(stream.order[position]))
    .filter((row) => row !== null)
    .map((row) => standing(distribution, row))
    .filter(({ mean, std }) => Number.isFinite(mean) && Number.isFinite(std));
  if (spans.length === 0) return null;
  const at = (/** @type {number} */ side, /** @type {number} */ share) =>
    quantile(
      spans.map(({ mean, std }) => mean + side * REACH * std).sort((a, b) => a - b),
      share,
    );
  return [at(-1, 0.1), at(1, 0.9)];
}

/**
 * What one unit needs of the axis, where the values of all units were not recorded; in wide steps, so that the axis
 * seldom moves.
 * @param {Scene} scene @param {Stage[]} stages @returns {Range | null}
 */
function unitReach(scene, stages) {
  if (stages.every(({ distribution }) => distribution)) return null;
  const reach = Math.max(1, ...unitStations(scene, stages).map(({ mean, std }) => Math.abs(mean) + 1.5 * std));
  if (!Number.isFinite(reach)) return null;
  const wide = 2 ** Math.ceil(Math.log2(reach));
  return [-wide, wide];
}

/** Whether a unit's numbers stand in the picture. @param {Scene} scene @param {Stage[]} stages */
export const hasUnit = (scene, stages) => unitStations(scene, stages).length > 0;

/**
 * Ends of the axis that all stages share, in steps of a power of two: only so is it seen that one is wider than the
 * other, and where it stands. It stays while one goes from step to step.
 * @param {Scene} scene @param {Stage[]} stages @returns {Range}
 */
export function rangeOf(scene, stages) {
  const reaches = [...stages.map((stage) => reachOf(scene, stage)), unitReach(scene, stages)].filter(
    (one) => one !== null,
  );
  if (reaches.length === 0) return [-1, 1];
  const [from, to] = reaches.toSorted((a, b) => a[1] - a[0] - (b[1] - b[0]))[Math.floor(reaches.length / 2)];
  const room = WIDEST * (to - from);
  const low = Math.max(Math.min(...reaches.map(([one]) => one)), from - room);
  const high = Math.min(Math.max(...reaches.map(([, one]) => one)), to + room);
  const step = 2 ** Math.ceil(Math.log2(Math.max(high - low, 1e-4) / 6));
  return [Math.floor(low / step) * step, Math.ceil(high / step) * step];
}

/**
 * The shape of a stage on its own base line; its own peak is the measure of its height.
 * @param {Scene} scene @param {Distribution} distribution @param {number} row
 */
function shapeOf(scene, distribution, row) {
  const x = new Float64Array(distribution.histogram.size + 2);
  const y = new Float64Array(distribution.histogram.size + 2).fill(row);
  const recorded = scene.history.stream(distribution.stream).row(shownSlot(scene, distribution.stream));
  const ridge = { ...distribution, column: 0, row };
  if (recorded) outline(ridge, { center: 0, unit: 1, peak: densityPeak(ridge, recorded) }, recorded, x, y);
  return { x, y };
}

/**
 * Mean and standard deviation of the unit at the stages where batch norm sets them: μ and σ of the batch, then 0 and
 * 1, then β and |γ|.
 * @param {Scene} scene @param {Stage[]} stages
 */
function unitStations(scene, stages) {
  const { mean, variance, gamma, beta } = unitNumbers(scene);
  if (mean === null || variance === null) return [];
  const at = /** @type {Record<string, [number, number]>} */ ({
    linear_output: [mean, Math.sqrt(variance)],
    normalized: [0, 1],
  });
  const normalized = stages.findIndex(({ site }) => site === "normalized");
  const after = stages[normalized + 1]?.site;
  if (normalized >= 0 && after) at[after] = [beta ?? 0, Math.abs(gamma ?? 1)];
  return stages.flatMap(({ site }, i) =>
    at[site] ? [{ row: rowOf(stages, i), mean: at[site][0], std: at[site][1] }] : [],
  );
}

/** Row of a stage: the first stands at the top. @param {Stage[]} stages @param {number} i */
const rowOf = (stages, i) => stages.length - 1 - i;

/** The unit's mean, and one σ to both sides, from stage to stage. @param {Scene} scene @param {Stage[]} stages */
function unitShapes(scene, stages) {
  const stations = unitStations(scene, stages);
  const side = (/** @type {number} */ sign) => stations.map(({ mean, std }) => mean + sign * std);
  const rows = stations.map(({ row }) => row);
  return [
    {
      x: Float64Array.from([...side(-1), ...side(1).reverse()]),
      y: Float64Array.from([...rows, ...rows.toReversed()]),
    },
    { x: Float64Array.from(side(0)), y: Float64Array.from(rows) },
  ].filter(({ x }) => x.length > 0);
}

/** All that moves, in the order of the traces. @param {Scene} scene @param {Stage[]} stages */
export const shapesOf = (scene, stages) =>
  [
    ...stages.flatMap(({ distribution }, i) => (distribution ? [shapeOf(scene, distribution, rowOf(stages, i))] : [])),
    ...unitShapes(scene, stages),
    ...sampleShapes(scene, stages),
  ].map((shape, trace) => ({ trace, ...shape }));

/** The way of the followed sample through the stages. @param {Scene} scene @param {Stage[]} stages */
function sampleShapes(scene, stages) {
  const found = sampleStages(scene);
  const passed = stages.flatMap(({ site }, i) => (found && site in found ? [[found[site], rowOf(stages, i)]] : []));
  if (passed.length === 0) return [];
  // From stage to stage a slanted line, at each stage an upright one.
  const x = passed.flatMap(([value]) => [value, value]);
  return [{ x: Float64Array.from(x), y: Float64Array.from(passed.flatMap(([, row]) => [row + 0.45, row])) }];
}

/** @param {Scene} scene @param {Stage[]} stages */
const layoutFor = (scene, stages) =>
  layoutOf(scene, {
    margin: { l: 12, r: 12, t: 4, b: 24 },
    annotations: stages.map(({ site }, i) =>
      heading(scene, stageText(scene, site, scene.narrow), scene.theme.ink, [0, 1], {
        yref: "y",
        y: rowOf(stages, i) + 0.8,
        yanchor: "top",
        xshift: 2,
        font: { size: scene.narrow ? 10 : 11.5, color: scene.theme.ink },
      }),
    ),
    xaxis: axis(scene, { range: rangeOf(scene, stages), zeroline: true, nticks: 9, tickangle: 0 }),
    yaxis: axis(scene, {
      range: [-0.04, stages.length - 1 + ABOVE],
      showticklabels: false,
      ticks: "",
      dtick: 1,
      fixedrange: true,
    }),
  });

/** @param {Scene} scene @param {Stage[]} stages @returns {import("../types").Figure} */
export function microscopeFigure(scene, stages) {
  const color = colorsOf(scene)[subject(scene)?.index ?? 0];
  const shapes = shapesOf(scene, stages);
  const on = { type: "scatter", mode: "lines", hoveron: "points" };
  const measured = stages.filter(({ distribution }) => distribution);
  const stageTraces = measured.map(({ site }, i) => ({
    ...on,
    uid: `stage-${site}`,
    x: shapes[i].x,
    y: shapes[i].y,
    fill: "toself",
    fillcolor: css(color, 0.35),
    line: { color: css(color), width: 1.5, simplify: false },
    hovertemplate: `${escapeText(stageText(scene, site))}: %{x:.3g}<extra></extra>`,
  }));
  const name = scene.t("microscope.unit", { unit: unitOf(scene) });
  const sampled = sampleShapes(scene, stages).length;
  const unitTraces = shapes.slice(measured.length, shapes.length - sampled).map((shape, i) => ({
    ...on,
    uid: `unit-${i}`,
    x: shape.x,
    y: shape.y,
    fill: i === 0 ? "toself" : "none",
    fillcolor: css([128, 128, 128], 0.22),
    line: { color: scene.theme.ink, width: i === 0 ? 0.8 : 2, simplify: false },
    hovertemplate: `${escapeText(name)}: %{x:.3g}<extra></extra>`,
  }));
  const sampleTraces = shapes.slice(shapes.length - sampled).map(({ x, y }) => ({
    ...on,
    uid: "sample",
    x,
    y,
    line: { color: scene.theme.reference, width: 2.5, simplify: false },
    hovertemplate: `${escapeText(sampleText(scene))}: %{x:.3g}<extra></extra>`,
  }));
  return { data: [...stageTraces, ...unitTraces, ...sampleTraces], layout: layoutFor(scene, stages) };
}
