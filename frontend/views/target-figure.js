/** The moving target as Plotly draws it: a square a network, the start in its middle. */

import { css } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { axis, axisId, axisName, colorsOf, heading, layoutOf, split } from "./common.js";
import { drawnScales, LAYERS, movingShapes, targetLayer, targetsOf } from "./target-points.js";

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
  };
}

/**
 * What a panel says in its corner, a line each.
 * @param {Scene} scene @param {number} i @param {number} scale @param {string[]} texts
 */
function caption(scene, i, scale, texts) {
  return {
    type: "scatter",
    mode: "text",
    uid: `target-text-${i}`,
    xaxis: axisId("x", i),
    yaxis: axisId("y", i),
    hoverinfo: "skip",
    x: texts.map(() => -0.97 * scale),
    y: texts.map((_, line) => (0.92 - line * (scene.narrow ? 0.2 : 0.15)) * scale),
    text: texts,
    textposition: texts.map(() => "middle right"),
    textfont: {
      size: texts.map(() => (scene.narrow ? 10 : 11.5)),
      color: texts.map(() => scene.theme.ink),
    },
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
    margin: { l: scene.narrow ? 30 : 44, r: 10, t: 24, b: 36 },
    annotations: targets.map(({ name, index }, i) =>
      heading(scene, `${named(name, scene.t)} · ${layer}`, css(colors[index]), domains[i].x, { y: domains[i].y[1] }),
    ),
  });
  targets.forEach((_, i) => {
    const common = {
      range: [-scales[i], scales[i]],
      constrain: "domain",
      nticks: scene.narrow ? 4 : 6,
      zeroline: true,
      tickangle: 0,
    };
    layout[axisName("x", i)] = axis(scene, {
      ...common,
      domain: domains[i].x,
      anchor: axisId("y", i),
      constraintoward: "left",
      title: { text: scene.t("target.axis"), standoff: 3, font: { size: scene.narrow ? 9.5 : 10.5 } },
    });
    layout[axisName("y", i)] = axis(scene, {
      ...common,
      domain: domains[i].y,
      anchor: axisId("x", i),
      scaleanchor: axisId("x", i),
      constraintoward: "top",
    });
  });
  const data = targets.flatMap(({ index }, i) => {
    const style = styles(scene, index);
    return LAYERS.map((name, at) => {
      const { x, y } = shapes[i * LAYERS.length + at];
      const on = { xaxis: axisId("x", i), yaxis: axisId("y", i), uid: `target-${name}-${i}` };
      return { ...on, type: "scatter", mode: "lines", x, y, hoverinfo: "skip", ...style[name] };
    });
  });
  return { data: [...data, ...targets.map((_, i) => caption(scene, i, scales[i], captions[i]))], layout };
}
