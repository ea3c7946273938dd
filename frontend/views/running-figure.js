/** Running against batch statistics as Plotly draws them: a square a statistic, in it all networks. */

import { css } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { robustRange } from "../app/numbers.js";
import { axis, axisId, axisName, colorsOf, escapeText, heading, layoutOf, split } from "./common.js";
import { focusLayer } from "./focus.js";
import { networksOf, panelsOf, placeOf, pointsOf, STATISTICS, values } from "./running-points.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("./running-points.js").Panel} Panel */

/** More decades than this are not told apart. */
const LEAST_VARIANCE = -12;

/**
 * The range of both axes of a statistic: the diagonal runs from corner to corner.
 * @param {Scene} scene @param {number} column @returns {[number, number]}
 */
function rangeOf(scene, column) {
  const all = panelsOf(scene)
    .filter((panel) => panel.column === column)
    .flatMap(({ batch, running }) => [...values(scene, batch), ...values(scene, running)])
    .map((value) => placeOf(column, value))
    .filter((value) => value > LEAST_VARIANCE || STATISTICS[column] === "mean");
  return robustRange(all);
}

/** Multiples of powers of ten that are named where fewer would be too few. */
const MULTIPLES = [
  [1],
  [1, 3],
  [1, 2, 4],
  [1, 1.5, 2, 3, 4, 6],
  [1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9],
];
const FEWEST_TICKS = 2;

/** Where an axis of powers of ten is named. @param {[number, number]} range in powers of ten */
function powerTicks([low, high]) {
  const every = Math.max(1, Math.ceil((high - low) / 4));
  const from = every * Math.floor(low / every);
  const powers = Array.from({ length: Math.ceil((high - from) / every) + 1 }, (_, i) => from + every * i);
  const ticksOf = (/** @type {number[]} */ multiples) =>
    powers
      .flatMap((power) => multiples.map((one) => power + Math.log10(one)))
      .filter((tick) => tick >= low && tick <= high);
  const all = MULTIPLES.map(ticksOf);
  const ticks = all.find(({ length }) => length >= FEWEST_TICKS) ?? all[all.length - 1];
  return { tickvals: ticks, ticktext: ticks.map((tick) => String(Number((10 ** tick).toPrecision(2)))) };
}

/** The layer, and whose it is where it is of one network. @param {Scene} scene @param {[number, number]} domain */
function title(scene, domain) {
  const networks = networksOf(scene);
  const layer = named(focusLayer(scene), scene.t);
  if (networks.length !== 1) return heading(scene, layer, scene.theme.ink, domain);
  const [{ network, index }] = networks;
  return heading(scene, `${named(network.name, scene.t)} · ${layer}`, css(colorsOf(scene)[index]), domain);
}

/** @param {Scene} scene @param {Panel} panel */
function traceOf(scene, panel) {
  const { x, y, each } = pointsOf(scene, panel);
  const [batch, running] = [values(scene, panel.batch), values(scene, panel.running)];
  const color = colorsOf(scene)[panel.index];
  const on = { xaxis: axisId("x", panel.column), yaxis: axisId("y", panel.column) };
  const statistic = scene.t(`quantity.${STATISTICS[panel.column]}`);
  return {
    ...on,
    type: "scatter",
    mode: "lines",
    uid: `channels-${panel.column}-${panel.index}`,
    x,
    y,
    fill: "toself",
    hoveron: "points",
    fillcolor: css(color, 0.55),
    line: { color: css(color), width: 0.8, simplify: false },
    customdata: Array.from(x, (_, point) => {
      const channel = Math.floor(point / each);
      return [channel, batch[channel], running[channel]];
    }),
    hovertemplate:
      `${escapeText(named(panel.batch.network, scene.t))} · ${scene.t("axis.channel")} %{customdata[0]}<br>` +
      `${statistic}, ${scene.t("statistics.batch")}: <b>%{customdata[1]:.4g}</b><br>` +
      `${statistic}, ${scene.t("statistics.running")}: <b>%{customdata[2]:.4g}</b><extra></extra>`,
  };
}

/**
 * The axes of a statistic: square, and of one range.
 * @param {Scene} scene @param {number} column @param {[number, number]} across
 */
function axesOf(scene, column, across) {
  const range = rangeOf(scene, column);
  const statistic = scene.t(`quantity.${STATISTICS[column]}`);
  const titled = (/** @type {string} */ kind) => ({
    text: `${statistic}, ${scene.t(`statistics.${kind}`)}`,
    standoff: 3,
    font: { size: scene.narrow ? 9.5 : 10.5 },
  });
  const common = {
    range,
    constrain: "domain",
    tickangle: 0,
    ...(STATISTICS[column] === "variance" ? powerTicks(range) : { nticks: 5 }),
  };
  const [x, y] = [axisId("x", column), axisId("y", column)];
  return {
    // Side by side also where there is more room than two squares take.
    [axisName("x", column)]: axis(scene, {
      ...common,
      domain: across,
      anchor: y,
      constraintoward: column === 0 ? "right" : "left",
      title: titled("batch"),
    }),
    [axisName("y", column)]: axis(scene, { ...common, anchor: x, scaleanchor: x, title: titled("running") }),
  };
}

/** Where both statistics are the same. @param {Scene} scene @param {number} column */
function diagonal(scene, column) {
  const [low, high] = rangeOf(scene, column);
  return {
    type: "line",
    layer: "below",
    xref: axisId("x", column),
    yref: axisId("y", column),
    x0: low,
    y0: low,
    x1: high,
    y1: high,
    line: { color: scene.theme.muted, width: 1.2 },
  };
}

/** @param {Scene} scene @returns {import("../types").Figure} */
export function runningFigure(scene) {
  const across = split(STATISTICS.length, 0.2);
  const columns = [...STATISTICS.keys()];
  const layout = layoutOf(scene, {
    margin: { l: 52, r: 12, t: 22, b: 40 },
    annotations: [title(scene, across[0])],
    shapes: columns.map((column) => diagonal(scene, column)),
  });
  Object.assign(layout, ...columns.map((column) => axesOf(scene, column, across[column])));
  return { data: panelsOf(scene).map((panel) => traceOf(scene, panel)), layout };
}
