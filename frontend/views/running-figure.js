/** Running against batch statistics as Plotly draws them: a row a network, a square a statistic. */

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

/** Which of all panels this is. @param {Panel} panel */
const placeIn = ({ row, column }) => row * STATISTICS.length + column;

/**
 * The range of both axes of a panel: the diagonal runs from corner to corner.
 * @param {Scene} scene @param {Panel} panel @returns {[number, number]}
 */
function rangeOf(scene, panel) {
  const all = [panel.batch, panel.running]
    .flatMap((entry) => [...values(scene, entry)])
    .map((value) => placeOf(panel, value))
    .filter((value) => value > LEAST_VARIANCE || STATISTICS[panel.column] === "mean");
  const [low, high] = robustRange(all);
  return [low, high];
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

/** @param {Scene} scene @param {[number, number][]} across @param {[number, number][]} down */
function headings(scene, across, down) {
  const colors = colorsOf(scene);
  const layer = named(focusLayer(scene), scene.t);
  return networksOf(scene).map(({ network, index }, row) =>
    heading(scene, `${named(network.name, scene.t)} · ${layer}`, css(colors[index]), across[0], { y: down[row][1] }),
  );
}

/** @param {Scene} scene @param {Panel} panel @param {number} i @param {number} rows */
function traces(scene, panel, i, rows) {
  const { x, y, each } = pointsOf(scene, panel);
  const [batch, running] = [values(scene, panel.batch), values(scene, panel.running)];
  const color = colorsOf(scene)[panel.index];
  const on = { xaxis: axisId("x", i), yaxis: axisId("y", i) };
  const statistic = scene.t(`quantity.${STATISTICS[panel.column]}`);
  return {
    ...on,
    type: "scatter",
    mode: "lines",
    uid: `channels-${i}-of-${rows}`,
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
 * The axes of a panel: square, and of one range.
 * @param {Scene} scene @param {Panel} panel @param {number} i
 * @param {[number, number]} across @param {[number, number]} down
 */
function axesOf(scene, panel, i, across, down) {
  const range = rangeOf(scene, panel);
  const statistic = scene.t(`quantity.${STATISTICS[panel.column]}`);
  const title = (/** @type {string} */ kind) => ({
    text: `${statistic}, ${scene.t(`statistics.${kind}`)}`,
    standoff: 3,
    font: { size: scene.narrow ? 9.5 : 10.5 },
  });
  const common = {
    range,
    constrain: "domain",
    tickangle: 0,
    ...(STATISTICS[panel.column] === "variance" ? powerTicks(range) : { nticks: 5 }),
  };
  return {
    x: axis(scene, {
      ...common,
      domain: across,
      anchor: axisId("y", i),
      constraintoward: "center",
      title: title("batch"),
    }),
    y: axis(scene, {
      ...common,
      domain: down,
      anchor: axisId("x", i),
      scaleanchor: axisId("x", i),
      title: title("running"),
    }),
  };
}

/** @param {Scene} scene @returns {import("../types").Figure} */
export function runningFigure(scene) {
  const panels = panelsOf(scene);
  const rows = Math.max(1, networksOf(scene).length);
  const across = split(STATISTICS.length, 0.2);
  const down = split(rows, 0.22).reverse();
  /** @type {Record<string, any>} */
  const layout = layoutOf(scene, {
    margin: { l: 52, r: 12, t: 22, b: 40 },
    annotations: headings(scene, across, down),
    shapes: panels.map((panel) => {
      const [low, high] = rangeOf(scene, panel);
      const i = placeIn(panel);
      return {
        type: "line",
        layer: "below",
        xref: axisId("x", i),
        yref: axisId("y", i),
        x0: low,
        y0: low,
        x1: high,
        y1: high,
        line: { color: scene.theme.muted, width: 1.2 },
      };
    }),
  });
  for (const panel of panels) {
    const i = placeIn(panel);
    const { x, y } = axesOf(scene, panel, i, across[panel.column], down[panel.row]);
    Object.assign(layout, { [axisName("x", i)]: x, [axisName("y", i)]: y });
  }
  return { data: panels.map((panel) => traces(scene, panel, placeIn(panel), rows)), layout };
}
