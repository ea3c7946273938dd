/** The moving target as Plotly draws it: a square a network, the start in its middle. */

import { css } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { axis, axisId, axisName, colorsOf, heading, layoutOf, split } from "./common.js";
import { axisTitles, targetLayer, targetsOf } from "./target-plane.js";
import { drawnScales, INSET, LAYERS, movingShapes } from "./target-points.js";

/** @typedef {import("../types").Scene} Scene */

/** Panels beside each other on a narrow page. */
const NARROW_COLUMNS = 1;

/** Where each panel stands. @param {Scene} scene @param {number} count */
function places(scene, count) {
  const columns = Math.min(count, scene.narrow ? NARROW_COLUMNS : 4);
  const rows = Math.ceil(count / columns);
  const [across, down] = [split(columns, scene.narrow ? 0.16 : 0.1), split(rows, 0.2).reverse()];
  return Array.from({ length: count }, (_, i) => ({ x: across[i % columns], y: down[Math.floor(i / columns)] }));
}

/** How each layer of a panel is drawn. @param {Scene} scene @param {number} index of the network */
function styles(scene, index) {
  const color = colorsOf(scene)[index];
  return {
    start: { fill: "toself", fillcolor: scene.theme.reference, line: { color: scene.theme.reference, width: 0.4 } },
    ghosts: { fill: "toself", fillcolor: css(color, 0.22), line: { color: css(color, 0.22), width: 0.2 } },
    way: { fill: "none", line: { color: scene.theme.ink, width: 1.6 } },
    now: { fill: "toself", fillcolor: css(color, 0.75), line: { color: css(color), width: 0.6 } },
    room: { fill: "toself", fillcolor: scene.theme.surface, line: { color: scene.theme.muted, width: 1 } },
    panel: { fill: "none", line: { color: scene.theme.muted, width: 1, dash: "2px,2px" } },
    far_way: { fill: "none", line: { color: scene.theme.ink, width: 1 } },
    far_now: { fill: "toself", fillcolor: css(color, 0.5), line: { color: css(color), width: 1 } },
  };
}

/** Between two lines of a panel's corner, as a share of its height. @param {Scene} scene */
const lineHeight = (scene) => (scene.narrow ? 0.1 : 0.06);

/**
 * What a panel says in its corner, a line each, on axes of its own: the panel shows as much as it has room for.
 * @param {Scene} scene @param {number} on which pair of axes @param {number} i @param {string[]} texts
 */
function caption(scene, on, i, texts) {
  return {
    type: "scatter",
    mode: "text",
    uid: `target-text-${i}`,
    xaxis: axisId("x", on),
    yaxis: axisId("y", on),
    hoverinfo: "skip",
    meta: { lines: true },
    x: texts.map(() => 0.015),
    y: texts.map((_, line) => 0.955 - line * lineHeight(scene)),
    text: texts,
    textposition: texts.map(() => "middle right"),
    textfont: {
      size: texts.map(() => (scene.narrow ? 10 : 11.5)),
      color: texts.map(() => scene.theme.ink),
    },
  };
}

/** Axes over those of a panel. @param {"x" | "y"} letter @param {number} i @param {number[]} domain */
const corner = (letter, i, domain) => ({
  domain,
  overlaying: axisId(letter, i),
  range: [0, 1],
  fixedrange: true,
  visible: false,
});

/** Of a panel, how much its inset takes in both directions. @param {Scene} scene */
const insetShare = (scene) => (scene.narrow ? 0.36 : 0.32);

/**
 * The axes of a panel's inset, beside what it says: that much of a panel is seen on the first screen.
 * @param {Scene} scene @param {number} on which pair @param {{x: number[], y: number[]}} domain @param {number} far
 */
function insetAxes(scene, on, domain, far) {
  const [width, height] = [domain.x, domain.y].map(([from, to]) => insetShare(scene) * (to - from));
  const common = { range: [-far, far], constrain: "range", fixedrange: true, visible: false };
  const [across, up] = [axisId("x", on), axisId("y", on)];
  return {
    [axisName("x", on)]: { ...common, domain: [domain.x[1] - width, domain.x[1]], anchor: up },
    [axisName("y", on)]: {
      ...common,
      domain: [domain.y[1] - height, domain.y[1]],
      anchor: across,
      scaleanchor: across,
    },
  };
}

/**
 * The axes of a panel: a step is as long on both; where it is no square, one of them shows more.
 * @param {Scene} scene @param {import("./target-plane.js").Target} target @param {number} i
 * @param {{x: number[], y: number[]}} domain @param {number} scale
 */
function panelAxes(scene, target, i, domain, scale) {
  const size = scene.narrow ? 9.5 : 10.5;
  const [across, up] = axisTitles(scene, target).map((text) => ({ text, standoff: 3, font: { size } }));
  const common = {
    range: [-scale, scale],
    constrain: "range",
    nticks: scene.narrow ? 4 : 8,
    zeroline: true,
    tickangle: 0,
  };
  return {
    [axisName("x", i)]: axis(scene, { ...common, domain: domain.x, anchor: axisId("y", i), title: across }),
    [axisName("y", i)]: axis(scene, {
      ...common,
      domain: domain.y,
      anchor: axisId("x", i),
      scaleanchor: axisId("x", i),
      title: up,
    }),
  };
}

/** @param {Scene} scene @param {string[][]} captions @returns {import("../types").Figure} */
export function targetFigure(scene, captions) {
  const targets = targetsOf(scene);
  const scales = drawnScales(scene);
  const shapes = movingShapes(scene);
  const domains = places(scene, targets.length);
  const layer = named(targetLayer(scene), scene.t);
  const colors = colorsOf(scene);
  /** @type {Record<string, any>} */
  const layout = layoutOf(scene, {
    margin: { l: scene.narrow ? 38 : 44, r: 10, t: 24, b: 36 },
    annotations: targets.map(({ name, index }, i) =>
      heading(scene, `${named(name, scene.t)} · ${layer}`, css(colors[index]), domains[i].x, { y: domains[i].y[1] }),
    ),
  });
  targets.forEach((target, i) => {
    Object.assign(layout, panelAxes(scene, target, i, domains[i], scales.near[i]));
    Object.assign(layout, insetAxes(scene, 2 * targets.length + i, domains[i], scales.far ?? 1));
    layout[axisName("x", targets.length + i)] = corner("x", i, domains[i].x);
    layout[axisName("y", targets.length + i)] = corner("y", i, domains[i].y);
  });
  const data = targets.flatMap(({ index }, i) => {
    const style = styles(scene, index);
    return LAYERS.map((name, at) => {
      const { x, y } = shapes[i * LAYERS.length + at];
      const pair = at < LAYERS.length - INSET.length ? i : 2 * targets.length + i;
      const on = { xaxis: axisId("x", pair), yaxis: axisId("y", pair), uid: `target-${name}-${i}` };
      return { ...on, type: "scatter", mode: "lines", x, y, hoverinfo: "skip", ...style[name] };
    });
  });
  const corners = captions.map((texts, i) => caption(scene, targets.length + i, i, texts));
  return { data: [...data, ...corners], layout };
}
