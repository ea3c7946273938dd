/** The ridges as Plotly draws them: per row an outline and a shape, per network its texts. */

import { css } from "../app/colors.js";
import { named } from "../app/i18n.js";
import {
  axis,
  axisId,
  axisName,
  colorsOf,
  describedLayer,
  escapeText,
  heading,
  layerLabel,
  layerRoom,
  layoutOf,
  split,
} from "./common.js";
import { followedAt, sampleName, sampleOf } from "./followed.js";
import { extent } from "./ridge-extent.js";
import { hoverTemplate, pointNumbers } from "./ridge-hover.js";
import { pinOf, siteOf } from "./ridge-motion.js";
import { isNamed, textsOf } from "./ridge-numbers.js";
import { comparedStep, frameOf, inSigmas, ROW_HEIGHT, ridgesOf, rowsOf, shapeOf } from "./ridge-shapes.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("./ridge-shapes.js").Ridge} Ridge */

/** @param {number} rows */
const yRange = (rows) => [-0.28, rows - 1 + ROW_HEIGHT * 1.3];

/** Columns of a hand's breadth have no room for all words. @param {Scene} scene */
const axisTitle = (scene) =>
  !inSigmas(scene)
    ? "axis.value"
    : scene.narrow || scene.header.networks.length > 2
      ? "axis.sigmas.short"
      : "axis.sigmas";

/**
 * What stands for a row that has not come: Plotly gives a trace without a point no style, and what moves takes it from
 * there.
 */
const notYet = () => ({ x: [null], y: [null], customdata: [null] });

/** The two polygons of a row. @param {Scene} scene @param {Ridge} ridge */
function shapesOf(scene, ridge) {
  const rows = rowsOf(scene, ridge);
  if (!rows) return { now: notYet(), compared: notYet() };
  const frame = frameOf(scene, ridge, rows.compared);
  const customdata = pointNumbers(ridge, frame, rows.now, rows.compared);
  return { now: { ...shapeOf(ridge, frame, rows.now), customdata }, compared: shapeOf(ridge, frame, rows.compared) };
}

/** Traces: per ridge the compared outline and the shape now; per network its texts. @param {Scene} scene */
function tracesOf(scene) {
  const colors = colorsOf(scene);
  const range = extent(scene);
  const ridges = ridgesOf(scene);
  const data = ridges.flatMap((ridge) => {
    const shapes = shapesOf(scene, ridge);
    const axes = { xaxis: axisId("x", ridge.column), yaxis: "y", type: "scatter", mode: "lines", meta: ridge.layer };
    const strong = scene.selection.layer === null || scene.selection.layer === ridge.layer;
    const color = colors[ridge.column];
    return [
      {
        ...axes,
        uid: `now-${ridge.column}-${ridge.row}`,
        ...shapes.now,
        fill: "toself",
        fillcolor: css(color, strong ? 0.5 : 0.2),
        line: { color: css(color, strong ? 1 : 0.5), width: 1.5, simplify: false },
        hoveron: "points",
        hovertemplate: hoverTemplate(
          scene,
          `${escapeText(named(ridge.network, scene.t))} · ${escapeText(describedLayer(scene, ridge.layer))}`,
          comparedStep(scene),
        ),
      },
      {
        ...axes,
        uid: `ref-${ridge.column}-${ridge.row}`,
        ...shapes.compared,
        hoverinfo: "skip",
        line: { color: scene.theme.reference, width: 1.1, dash: "1.5px,2px", simplify: false },
      },
    ];
  });
  const texts = scene.header.networks.map((_, column) =>
    textTrace(
      scene,
      ridges.filter((r) => r.column === column),
      column,
      range,
    ),
  );
  return { data: [...data, ...texts, ...pinsOf(scene, ridges)], range };
}

/** Where the followed sample is in each row. @param {Scene} scene @param {Ridge[]} ridges */
function pinsOf(scene, ridges) {
  const sample = sampleOf(scene);
  if (sample === null) return [];
  return ridges.map((ridge) => {
    const rows = rowsOf(scene, ridge);
    const pin = rows ? pinOf(scene, ridge, frameOf(scene, ridge, rows.compared)) : notYet();
    const { unit } = followedAt(scene, sample, siteOf(ridge));
    const where = scene.t("samples.at", {
      sample: sampleName(scene, sample),
      layer: named(ridge.layer, scene.t),
      unit,
    });
    return {
      type: "scatter",
      mode: "lines",
      uid: `pin-${ridge.column}-${ridge.row}`,
      xaxis: axisId("x", ridge.column),
      yaxis: "y",
      meta: ridge.layer,
      ...pin,
      line: { color: scene.theme.ink, width: 2.5, simplify: false },
      hovertemplate: `${escapeText(where)}: %{x:.3g}<extra></extra>`,
    };
  });
}

/** @param {Scene} scene @param {Ridge[]} ridges @param {number} column @param {[number, number]} range */
function textTrace(scene, ridges, column, range) {
  const texts = ridges.map((ridge) => textsOf(scene, ridge, range));
  const inset = 0.012 * (range[1] - range[0]);
  const ends = [
    ...ridges.map(() => range[1] - inset),
    ...ridges.map(() => range[0] + inset),
    ...ridges.map(() => range[1] - inset),
  ];
  // What reaches beyond the axis is wide and so flat: its share stands under the base line, not in the edge.
  const heights = [0.34, -0.13, -0.13].flatMap((height) => ridges.map((ridge) => ridge.row + height));
  return {
    type: "scatter",
    mode: "text",
    uid: `text-${column}`,
    xaxis: axisId("x", column),
    yaxis: "y",
    hoverinfo: "skip",
    cliponaxis: false,
    x: ends,
    y: heights,
    text: [0, 1, 2].flatMap((which) => texts.map((text) => text[which])),
    textposition: [
      ...ridges.map(() => "middle left"),
      ...ridges.map(() => "middle right"),
      ...ridges.map(() => "middle left"),
    ],
    textfont: {
      color: [
        ...ridges.map(() => scene.theme.ink),
        ...ridges.map(() => scene.theme.ink),
        ...ridges.map(() => scene.theme.ink),
      ],
      size: [...ridges.map(() => (scene.narrow ? 10 : 12)), ...ridges.map(() => 10), ...ridges.map(() => 10)],
    },
  };
}

/** @param {Scene} scene @returns {import("../types").Figure} */
export function ridgeFigure(scene) {
  const { data, range } = tracesOf(scene);
  const layers = scene.layoutIndex.layers;
  const colors = colorsOf(scene);
  const across = split(scene.header.networks.length, 0.03);
  /** @type {Record<string, any>} */
  const layout = layoutOf(scene, {
    margin: { l: layerRoom(scene), r: 8, t: 26, b: 38 },
    annotations: scene.header.networks.map((network, i) =>
      heading(scene, network.name, css(colors[i]), across[i], {
        font: { size: scene.narrow ? 12 : 15, color: css(colors[i]), weight: 700 },
      }),
    ),
  });
  layout.yaxis = axis(scene, {
    range: yRange(layers.length),
    tickvals: layers.map((_, i) => i),
    ticktext: layers.map((name) => (isNamed(scene, name) ? layerLabel(scene, name) : "")),
    ticks: "",
    fixedrange: true,
    anchor: "x",
    tickfont: { color: scene.theme.ink },
  });
  scene.header.networks.forEach((_, i) => {
    layout[axisName("x", i)] = axis(scene, {
      domain: across[i],
      range,
      anchor: "y",
      zeroline: true,
      nticks: 7,
      tickangle: 0,
      title: { text: scene.t(axisTitle(scene)), standoff: 6, font: { size: 11 } },
    });
  });
  return { data, layout };
}
