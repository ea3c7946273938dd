/** How lines over steps are laid out: one column a network, one row a quantity, one line a layer (or a channel). */

import { css } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { robustRange } from "../app/numbers.js";
import {
  atStep,
  axis,
  axisId,
  axisName,
  colorsOf,
  dashStyle,
  decades,
  escapeText,
  heading,
  layoutOf,
  split,
  stepAxis,
  stepTitle,
} from "./common.js";
import { points, sample } from "./line-points.js";

/** @typedef {import("../types").Scene} Scene */
/**
 * @typedef {import("../types").Series & {column: number, row: number, layer?: string, network: string,
 *   quantity: string, what?: string, rgb?: import("../app/colors.js").Rgb}} Line `quantity` by the name that it is
 *   recorded under, `what` in words where its label is to say it
 */
/**
 * @typedef {object} Row
 * @property {string} title key of its title
 * @property {boolean} [log]
 * @property {boolean} [zero]
 * @property {boolean} [share] a fraction, which is shown in percent
 * @property {[number, number]} [bounds] between which its values, or all that tell something, lie
 */

/** @typedef {{network: string, text: string}} Title over a column, in its network's colour */

/** Points that Plotly is given: of a line, and of all lines of a chart. */
const MOST_POINTS = 3000;
const MOST_IN_ALL = 60_000;
const FEWEST_POINTS = 240;
const SAMPLED = 4800;
/** An axis that names its values with exponents needs more room. */
const LONG_FROM = 1e5;
const LONG_MARGIN = 62;

/** A line's name as people read it. @param {Scene} scene @param {Line} line */
export const lineName = (scene, { network, name }) =>
  [network, name]
    .filter(Boolean)
    .map((text) => named(text, scene.t))
    .join(" · ");

/** What a running mean is called. @param {Scene} scene @param {number} over */
export const meanName = (scene, over) => scene.t("line.mean", { count: over });

/** @type {[number, number]} */
const SHARES = [0, 1];

/** @param {Scene} scene @param {Line[]} lines @param {Row} row */
function rangeOf(scene, lines, row) {
  const values = lines.flatMap((line) => sample(scene, line, Math.max(24, Math.floor(SAMPLED / lines.length))));
  return within(robustRange(values, row), row);
}

/** An axis goes no farther than its values can. @param {[number, number]} range @param {Row} row */
function within([low, high], { log, share, bounds = share ? SHARES : undefined }) {
  if (!bounds) return /** @type {[number, number]} */ ([low, high]);
  const [least, most] = log ? bounds.map(Math.log10) : bounds;
  const [from, to] = [Math.max(low, least), Math.min(high, most)];
  // What lies wholly beyond is shown where it is.
  return /** @type {[number, number]} */ (from < to ? [from, to] : [low, high]);
}

/** @param {[number, number]} range */
const isLong = ([low, high]) => Math.max(Math.abs(low), Math.abs(high)) >= LONG_FROM;

/**
 * @param {Scene} scene
 * @param {Line[]} lines
 * @param {Row[]} rows
 * @param {boolean} settled
 * @param {Title[]} titles over the columns; empty for none
 * @returns {import("../types").Figure}
 */
export function lineFigure(scene, lines, rows, settled, titles) {
  const across = split(Math.max(1, titles.length), 0.09);
  const down = split(rows.length, 0.13).reverse();
  /** @type {Record<string, any>} */
  const layout = layoutOf(scene, { annotations: headings(scene, titles, rows, across, down) });
  // The last step of one column and the 0 of the next must not read as one number.
  across.forEach((domain, i) => {
    layout[axisName("x", i)] = stepAxis(scene, {
      domain,
      anchor: axisId("y", rows.length - 1),
      title: stepTitle(scene, i === 0),
      nticks: scene.narrow || across.length > 2 ? 3 : across.length > 1 ? 4 : 6,
    });
  });
  rows.forEach((row, i) => {
    const mine = lines.filter((line) => line.row === i);
    const range = rangeOf(scene, mine, row);
    if (!row.log && isLong(range)) layout.margin.l = LONG_MARGIN;
    layout[axisName("y", i)] = axis(scene, {
      domain: down[i],
      range,
      ...ticksOf(row, range, rows.length),
      anchor: "x",
    });
  });
  // Lines that move are painted: Plotly needs to know of each when someone points at it, and till then takes long over
  // it.
  return { data: settled ? traces(scene, lines, rows) : axesOf(lines), layout };
}

/** Labels that have room at the axis of a row, by how many rows there are. */
const ROOM = [5, 5, 4, 2];

/** @param {Row} row @param {[number, number]} range @param {number} rows how many there are */
function ticksOf(row, range, rows) {
  const most = ROOM[Math.min(rows, ROOM.length - 1)];
  return row.log ? decades(range, most) : { nticks: most, ...(row.share ? { tickformat: ".0%" } : {}) };
}

/**
 * @param {Scene} scene @param {Title[]} titles @param {Row[]} rows
 * @param {[number, number][]} across @param {[number, number][]} down
 */
function headings(scene, titles, rows, across, down) {
  const { networks } = scene.header;
  const colors = colorsOf(scene);
  const colorOf = (/** @type {string} */ name) => css(colors[networks.findIndex((one) => one.name === name)]);
  return [
    ...titles.map(({ network, text }, i) => heading(scene, text, colorOf(network), across[i])),
    ...rows.map((row, i) =>
      heading(scene, scene.t(row.title), scene.theme.muted, [1, 1], {
        // Beside three headings and more there is no room for it: then it stands in the plot.
        xanchor: "right",
        yanchor: i === 0 && titles.length > 2 ? "top" : "bottom",
        y: down[i][1],
        font: { size: 11, color: scene.theme.muted },
      }),
    ),
  ];
}

/**
 * The lines as Plotly draws them and labels their points.
 * @param {Scene} scene
 * @param {Line[]} lines
 * @param {Row[]} rows
 */
function traces(scene, lines, rows) {
  const most = Math.min(MOST_POINTS, Math.max(FEWEST_POINTS, Math.floor(MOST_IN_ALL / lines.length)));
  return lines.map((line, i) => {
    const { x, y, values, means } = points(scene, line, most);
    const name = escapeText(lineName(scene, line));
    const what = line.what ? `${escapeText(line.what)}<br>` : "";
    const format = rows[line.row].share ? ".1%" : ".4g";
    return {
      type: "scatter",
      mode: "lines",
      uid: `line${i}`,
      xaxis: axisId("x", line.column),
      yaxis: axisId("y", line.row),
      x,
      y,
      customdata: values.map((value, at) => [value, means?.[at] ?? null]),
      line: { color: line.color, width: line.width, simplify: false, ...dashStyle(line) },
      meta: line.layer ?? null,
      name,
      hovertemplate:
        `${name}<br>${what}${atStep(scene.t)}: <b>%{customdata[0]:${format}}</b>` +
        `${line.mean ? `<br>${meanName(scene, line.mean)}: %{customdata[1]:${format}}` : ""}<extra></extra>`,
    };
  });
}

/** A trace without a point for each subplot, so that it has its axes. @param {Line[]} lines */
const axesOf = (lines) =>
  [...new Map(lines.map(({ axes, column, row }) => [axes, { column, row }])).values()].map(({ column, row }) => ({
    type: "scatter",
    mode: "lines",
    uid: `axes-${column}-${row}`,
    xaxis: axisId("x", column),
    yaxis: axisId("y", row),
    x: [],
    y: [],
    hoverinfo: "skip",
  }));
