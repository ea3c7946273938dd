/**
 * The loss over two weights as contours, and the way that gradient descent takes on it, one panel a scaling of the
 * inputs: drawn from the loss itself, at once and for any learning rate.
 */

import { colorStops, css, glow } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { brief } from "../app/numbers.js";
import { axis, axisId, axisName, heading, layoutOf, split } from "./common.js";
import { bowlOf, conditionOf, excessAt, excessOf, lastStep, pointAt, rateOf, stepsOf } from "./descent.js";

/** @typedef {import("../types").SurfaceScene} SurfaceScene */
/** @typedef {import("../types").QuadraticLoss} QuadraticLoss */

/** How far the axes reach, in distances of the start from the lowest point. */
const REACH = 1.3;
const GRID = 61;
/** Powers of ten of the loss above the lowest between which colours differ; 0 is that of the start. */
const DARKEST = 2.5;
const PALEST = -2;
const LEVEL = 0.25;
/** So many steps are drawn of the way: all of a long zigzag would cover the valley. */
const SHOWN_STEPS = 10;
const HEAD = 18;
const HEAD_SIZE = 0.035;
/** Traces of one panel: contours, lowest point, path, its head. */
const TRACES = 4;

/** The most steps that are followed on any. @param {SurfaceScene} scene */
export const longest = ({ surfaces, share }) => Math.max(0, ...surfaces.map((loss) => lastStep(loss, share)));

/** Where one has come to: it stays where it has arrived. @param {SurfaceScene} scene @param {QuadraticLoss} loss */
const reached = ({ share, at }, loss) => Math.min(at, lastStep(loss, share));

/** The last steps of the way, always as many points. @param {SurfaceScene} scene @param {QuadraticLoss} loss */
function pathOf(scene, loss) {
  const at = reached(scene, loss);
  const first = Math.max(0, Math.ceil(at) - SHOWN_STEPS);
  const points = Array.from({ length: SHOWN_STEPS + 1 }, (_, i) =>
    pointAt(loss, scene.share, Math.min(first + i, at)),
  );
  return { x: Float64Array.from(points, ([x]) => x), y: Float64Array.from(points, ([, y]) => y) };
}

/** A small disc around the head. @param {SurfaceScene} scene @param {QuadraticLoss} loss */
function headOf(scene, loss) {
  const [x, y] = pointAt(loss, scene.share, reached(scene, loss));
  const corners = Array.from({ length: HEAD + 1 }, (_, i) => (2 * Math.PI * i) / HEAD);
  return {
    x: Float64Array.from(corners, (turn) => x + HEAD_SIZE * Math.cos(turn)),
    y: Float64Array.from(corners, (turn) => y + HEAD_SIZE * Math.sin(turn)),
  };
}

/** @param {SurfaceScene} scene */
const inkOf = ({ theme }) => (theme.name === "light" ? "#0b2e8a" : "#bfe3ff");

/** @param {SurfaceScene} scene @param {QuadraticLoss} loss @param {number} panel */
function contours(scene, loss, panel) {
  const places = Array.from({ length: GRID }, (_, i) => REACH * ((2 * i) / (GRID - 1) - 1));
  const excess = places.map((y) => places.map((x) => excessOf(loss, x, y)));
  return {
    type: "contour",
    uid: `contours-${panel}`,
    xaxis: axisId("x", panel),
    yaxis: axisId("y", panel),
    x: places,
    y: places,
    z: excess.map((row) => row.map((one) => Math.max(PALEST, Math.log10(one)))),
    text: excess.map((row) => row.map((one) => brief(one))),
    colorscale: colorStops(glow(scene.theme.name)),
    zmin: PALEST,
    zmax: DARKEST,
    showscale: false,
    autocontour: false,
    contours: { start: PALEST, end: DARKEST, size: LEVEL, coloring: "heatmap", showlines: true },
    line: { color: scene.theme.name === "light" ? "rgba(40,20,40,0.35)" : "rgba(255,255,255,0.25)", width: 0.7 },
    hovertemplate: `${scene.t("surface.excess")}: <b>%{text}</b><extra></extra>`,
  };
}

/** @param {SurfaceScene} scene @param {QuadraticLoss} loss @param {number} panel */
function traces(scene, loss, panel) {
  const on = { type: "scatter", xaxis: axisId("x", panel), yaxis: axisId("y", panel), hoverinfo: "skip" };
  const ink = inkOf(scene);
  return [
    contours(scene, loss, panel),
    {
      ...on,
      mode: "markers",
      uid: `lowest-${panel}`,
      x: [0],
      y: [0],
      marker: { symbol: "x-thin", size: 12, color: ink, line: { color: ink, width: 2 } },
    },
    {
      ...on,
      mode: "lines",
      uid: `path-${panel}`,
      ...pathOf(scene, loss),
      line: { color: ink, width: 2, simplify: false },
    },
    {
      ...on,
      mode: "lines",
      uid: `head-${panel}`,
      ...headOf(scene, loss),
      fill: "toself",
      fillcolor: scene.theme.name === "light" ? "#ffffff" : "#0b1020",
      line: { color: ink, width: 2, simplify: false },
    },
  ];
}

/**
 * What a weight is of, and from where it counts.
 * @param {SurfaceScene} scene @param {QuadraticLoss} loss @param {number} i
 */
const weightTitle = ({ t }, loss, i) => ({
  text: t("surface.weight", { weight: i === 0 ? "w₁" : "w₂", input: t(`input.${loss.inputs[i]}`) }),
  standoff: 4,
  font: { size: 11 },
});

/** @param {SurfaceScene} scene @returns {import("../types").Figure} */
function figure(scene) {
  const { surfaces, narrow, t } = scene;
  const whole = surfaces.map(() => /** @type {[number, number]} */ ([0, 1]));
  const across = narrow ? whole : split(surfaces.length, 0.09);
  const down = narrow ? split(surfaces.length, 0.18).reverse() : whole;
  /** @type {Record<string, any>} */
  const layout = layoutOf(scene, {
    margin: { l: 54, r: 14, t: 26, b: 42 },
    annotations: surfaces.map((loss, panel) => {
      const text = t("surface.panel", { label: named(loss.label, t), condition: brief(conditionOf(loss)) });
      return heading(scene, text, scene.theme.ink, across[panel], { y: down[panel][1] });
    }),
  });
  surfaces.forEach((loss, panel) => {
    const common = { range: [-REACH, REACH], constrain: "domain", nticks: 5, showgrid: false };
    layout[axisName("x", panel)] = axis(scene, {
      ...common,
      domain: across[panel],
      anchor: axisId("y", panel),
      title: weightTitle(scene, loss, 0),
    });
    layout[axisName("y", panel)] = axis(scene, {
      ...common,
      domain: down[panel],
      anchor: axisId("x", panel),
      scaleanchor: axisId("x", panel),
      title: weightTitle(scene, loss, 1),
    });
  });
  return { data: surfaces.flatMap((loss, panel) => traces(scene, loss, panel)), layout };
}

/** Where gradient descent is on a loss, in words. @param {SurfaceScene} scene @param {QuadraticLoss} loss */
export function descentWords(scene, loss) {
  const { t, share } = scene;
  const steps = stepsOf(loss, share);
  const step = Math.round(reached(scene, loss));
  return t(Number.isFinite(steps) ? "surface.at" : "surface.never", {
    label: named(loss.label, t),
    rate: brief(rateOf(loss, share)),
    step,
    steps,
    excess: brief(excessAt(loss, share, step)),
  });
}

/** @param {SurfaceScene} scene @returns {(string | number)[][]} */
function tableOf({ surfaces, share }) {
  const rows = surfaces.flatMap((loss) =>
    Array.from({ length: lastStep(loss, share) + 1 }, (_, step) => {
      const { unit } = bowlOf(loss);
      const [x, y] = pointAt(loss, share, step).map((one, i) => loss.lowest[i] + unit * one);
      return [loss.label, rateOf(loss, share), step, x, y, excessAt(loss, share, step)];
    }),
  );
  return [["inputs", "learning_rate", "step", "w1", "w2", "excess_loss"], ...rows];
}

/** @type {import("../types").View} */
export const surface = {
  id: "surface",
  size: "tall",
  streams: () => [],
  available: () => true,
  legend: (/** @type {any} */ scene) => [
    {
      text: scene.t("surface.colors"),
      colors: glow(scene.theme.name).map((rgb) => css(rgb)),
      width: 9,
      dash: "field",
    },
    { text: scene.t("surface.path", { steps: SHOWN_STEPS }), colors: [inkOf(scene)] },
    { text: scene.t("surface.lowest") },
    { text: scene.t("surface.scale") },
  ],
  key: (/** @type {any} */ scene) =>
    [scene.run.id, scene.theme.name, scene.narrow, scene.t("locale"), scene.surfaces.length].join("|"),
  figure: (/** @type {any} */ scene) => figure(scene),
  shapes: (/** @type {any} */ scene) =>
    scene.surfaces.flatMap((/** @type {QuadraticLoss} */ loss, /** @type {number} */ panel) => [
      { trace: TRACES * panel + 2, ...pathOf(scene, loss) },
      { trace: TRACES * panel + 3, ...headOf(scene, loss) },
    ]),
  summary: (/** @type {any} */ scene) =>
    scene.surfaces.map((/** @type {QuadraticLoss} */ loss) => descentWords(scene, loss)).join("; "),
  table: (/** @type {any} */ scene) => tableOf(scene),
};
