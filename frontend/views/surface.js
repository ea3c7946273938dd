/**
 * A loss surface over two weights as contours, and the way that gradient descent takes on it, one panel a scaling of
 * the inputs.
 */

import { colorStops, glow } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { brief } from "../app/numbers.js";
import { axis, axisId, axisName, heading, layoutOf, split } from "./common.js";

/** @typedef {import("../types").TrialScene} TrialScene */
/** @typedef {import("../types").Surface} Surface */

const LEVELS = 16;
/** A path of more steps than this is drawn finely: it goes to and fro across the valley. */
const MANY = 30;
const HEAD = 18;
const HEAD_SIZE = 0.022;
/** Traces of one panel: contours, lowest point, path, its head. */
const TRACES = 4;

/** The most steps that are shown of any path. @param {{surface: Surface}[]} surfaces */
export const longest = (surfaces) => Math.max(0, ...surfaces.map(({ surface }) => surface.path.length - 1));

/**
 * Where descent stands after `at` steps, between two of them on the straight line.
 * @param {number[][]} path
 * @param {number} at
 */
export function pointAt(path, at) {
  const step = Math.min(Math.max(at, 0), path.length - 1);
  const low = Math.min(Math.floor(step), Math.max(0, path.length - 2));
  const high = Math.min(low + 1, path.length - 1);
  return path[low].map((value, i) => value + (path[high][i] - value) * (step - low));
}

/**
 * The path up to `at`, as many points as the whole one: what is yet to come lies on the head.
 * @param {number[][]} path
 * @param {number} at
 */
export function pathUpTo(path, at) {
  const head = pointAt(path, at);
  const points = path.map((point, i) => (i <= at ? point : head));
  return { x: Float64Array.from(points, ([x]) => x), y: Float64Array.from(points, ([, y]) => y) };
}

/** A small disc around the head, in the units of the weights. @param {Surface} surface @param {number} at */
function headAt(surface, at) {
  const [x, y] = pointAt(surface.path, at);
  const radius = HEAD_SIZE * (surface.w1[surface.w1.length - 1] - surface.w1[0]);
  const turn = (/** @type {number} */ i) => (2 * Math.PI * i) / HEAD;
  const corners = Array.from({ length: HEAD + 1 }, (_, i) => i);
  return {
    x: Float64Array.from(corners, (i) => x + radius * Math.cos(turn(i))),
    y: Float64Array.from(corners, (i) => y + radius * Math.sin(turn(i))),
  };
}

/** @param {TrialScene} scene @param {Surface} surface @param {number} at @param {string} axes */
function contours(scene, surface, at, axes) {
  const logs = surface.loss.map((row) => row.map((value) => Math.log10(value)));
  const all = logs.flat();
  const [low, high] = [Math.min(...all), Math.max(...all)];
  return {
    type: "contour",
    uid: `contours-${at}`,
    xaxis: `x${axes}`,
    yaxis: `y${axes}`,
    x: surface.w1,
    y: surface.w2,
    z: logs,
    text: surface.loss.map((row) => row.map((value) => brief(value))),
    colorscale: colorStops(glow(scene.theme.name)),
    showscale: false,
    autocontour: false,
    contours: { start: low, end: high, size: (high - low) / LEVELS, coloring: "heatmap", showlines: true },
    line: { color: scene.theme.name === "light" ? "rgba(40,20,40,0.5)" : "rgba(255,255,255,0.35)", width: 0.8 },
    hovertemplate: `w₁ %{x:.3g}, w₂ %{y:.3g}<br>${scene.t("quantity.loss")}: <b>%{text}</b><extra></extra>`,
  };
}

/** @param {TrialScene} scene @param {{label: string, surface: Surface}} one @param {number} at */
function traces(scene, { surface }, at) {
  const axes = axisId("x", at).slice(1);
  const on = { xaxis: `x${axes}`, yaxis: `y${axes}`, hoverinfo: "skip", showlegend: false };
  const ink = scene.theme.name === "light" ? "#0b2e8a" : "#bfe3ff";
  return [
    contours(scene, surface, at, axes),
    {
      ...on,
      type: "scatter",
      mode: "markers",
      uid: `lowest-${at}`,
      x: [surface.lowest[0]],
      y: [surface.lowest[1]],
      marker: { symbol: "x-thin", size: 12, color: ink, line: { color: ink, width: 2 } },
    },
    {
      ...on,
      type: "scatter",
      mode: "lines",
      uid: `path-${at}`,
      ...pathUpTo(surface.path, scene.at),
      line: { color: ink, width: surface.path.length > MANY ? 1 : 2, simplify: false },
      opacity: surface.path.length > MANY ? 0.55 : 1,
    },
    {
      ...on,
      type: "scatter",
      mode: "lines",
      uid: `head-${at}`,
      ...headAt(surface, scene.at),
      fill: "toself",
      fillcolor: scene.theme.name === "light" ? "#ffffff" : "#0b1020",
      line: { color: ink, width: 2, simplify: false },
    },
  ];
}

/** @param {TrialScene} scene @returns {import("../types").Figure} */
function figure(scene) {
  const count = scene.surfaces.length;
  const across = scene.narrow
    ? Array.from({ length: count }, () => /** @type {[number, number]} */ ([0, 1]))
    : split(count, 0.08);
  const down = scene.narrow
    ? split(count, 0.16).reverse()
    : Array.from({ length: count }, () => /** @type {[number, number]} */ ([0, 1]));
  /** @type {Record<string, any>} */
  const layout = layoutOf(scene, {
    margin: { l: 54, r: 14, t: 26, b: 42 },
    annotations: scene.surfaces.map(({ label }, at) =>
      heading(scene, label, scene.theme.ink, across[at], { y: down[at][1] }),
    ),
  });
  scene.surfaces.forEach(({ surface }, at) => {
    const [one, other] = surface.inputs.map((name, i) => `${i === 0 ? "w₁" : "w₂"} (${scene.t(`input.${name}`)})`);
    const bounds = (/** @type {number[]} */ values) => [values[0], values[values.length - 1]];
    layout[axisName("x", at)] = axis(scene, {
      domain: across[at],
      anchor: axisId("y", at),
      range: bounds(surface.w1),
      constrain: "domain",
      nticks: 5,
      title: { text: one, standoff: 4, font: { size: 11 } },
    });
    layout[axisName("y", at)] = axis(scene, {
      domain: down[at],
      anchor: axisId("x", at),
      range: bounds(surface.w2),
      scaleanchor: axisId("x", at),
      constrain: "domain",
      nticks: 5,
      title: { text: other, standoff: 4, font: { size: 11 } },
    });
  });
  return { data: scene.surfaces.flatMap((one, at) => traces(scene, one, at)), layout };
}

/**
 * Where on an even grid to look, and how much each of three neighbours counts: exact for parabolas.
 * @param {number[]} grid
 * @param {number} value
 */
function threeAround(grid, value) {
  const at = (value - grid[0]) / (grid[1] - grid[0]);
  const middle = Math.min(grid.length - 2, Math.max(1, Math.round(at)));
  const off = at - middle;
  return { first: middle - 1, weights: [(off * (off - 1)) / 2, 1 - off * off, (off * (off + 1)) / 2] };
}

/**
 * The loss at a point of the path: a sum of squares is a parabola in each weight, so that the grid gives it exactly.
 * @param {Surface} surface
 * @param {number} at
 */
export function lossAt(surface, at) {
  const [x, y] = pointAt(surface.path, at);
  const [across, up] = [threeAround(surface.w1, x), threeAround(surface.w2, y)];
  return up.weights.reduce(
    (sum, rowWeight, i) =>
      sum +
      rowWeight *
        across.weights.reduce((row, weight, j) => row + weight * surface.loss[up.first + i][across.first + j], 0),
    0,
  );
}

/** @type {import("../types").View} */
export const surface = {
  id: "surface",
  size: "tall",
  streams: () => [],
  available: () => true,
  key: (/** @type {any} */ scene) =>
    [scene.run.id, scene.theme.name, scene.narrow, scene.t("locale"), scene.surfaces.length].join("|"),
  figure: (/** @type {any} */ scene) => figure(scene),
  shapes: (/** @type {any} */ scene) =>
    scene.surfaces.flatMap((/** @type {{surface: Surface}} */ one, /** @type {number} */ i) => [
      { trace: TRACES * i + 2, ...pathUpTo(one.surface.path, scene.at) },
      { trace: TRACES * i + 3, ...headAt(one.surface, scene.at) },
    ]),
  summary: (/** @type {any} */ scene) =>
    scene.surfaces
      .map((/** @type {{label: string, surface: Surface}} */ { label, surface: one }) =>
        scene.t("surface.summary", {
          label: named(label, scene.t),
          steps: one.steps,
          from: brief(lossAt(one, 0)),
          to: brief(lossAt(one, one.path.length - 1)),
        }),
      )
      .join("; "),
  table: (/** @type {any} */ scene) => [
    ["inputs", "step", "w1", "w2"],
    ...scene.surfaces.flatMap((/** @type {{label: string, surface: Surface}} */ { label, surface: one }) =>
      one.path.map(([x, y], step) => [label, step, x, y]),
    ),
  ],
};
