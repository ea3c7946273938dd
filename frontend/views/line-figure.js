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
  escapeText,
  hasLongTicks,
  heading,
  layoutOf,
  runAxis,
  runTitle,
  split,
} from "./common.js";
import { points, sample } from "./line-points.js";
import { logTicks } from "./log-ticks.js";

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
 * @property {string} [scale] rows of one scale have one range: their values are to be compared
 * @property {boolean} [own] each network has an axis of its own, which differs where one would flatten the other
 * @property {Guide} [guide] where values usually lie
 */
/** @typedef {{at: number, from: number, to: number}} Guide a line, and the band around it */

/** @typedef {{network: string, text: string}} Title over a column, in its network's colour */

/** Points that Plotly is given: of a line, and of all lines of a chart. */
const MOST_POINTS = 3000;
const MOST_IN_ALL = 60_000;
const FEWEST_POINTS = 240;
const SAMPLED = 4800;
/** Of a band where values usually lie. */
export const GUIDE_COLOR = "rgba(128, 128, 128, 0.22)";
/** Between columns, as a share of the width: where each has labels of its own, there is more. */
const GAP = 0.09;
const OWN_GAP = 0.14;
/** Between rows, as a share of the height: charts of many rows are tall. */
const ROW_GAP = 0.13;
const MANY_ROWS_GAP = 0.075;
const FEW_ROWS = 3;
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

/** So many times a network's range may hold another's before each has its own. */
const DWARFED = 4;

/** @param {Scene} scene @param {Line[]} lines @param {Row} row */
function rangeOf(scene, lines, row) {
  const values = lines.flatMap((line) => sample(scene, line, Math.max(24, Math.floor(SAMPLED / lines.length))));
  return within(robustRange(row.guide ? [...values, row.guide.at] : values, row), row);
}

/**
 * The range of each network's axis in a row: one for all, unless it would flatten one of them.
 * @param {Scene} scene @param {Line[]} lines of the row @param {Row} row @param {number} columns
 */
function rangesOf(scene, lines, row, columns) {
  const all = rangeOf(scene, lines, row);
  if (!row.own || columns < 2) return [all];
  const each = Array.from({ length: columns }, (_, column) => {
    const mine = lines.filter((line) => line.column === column);
    return mine.length ? rangeOf(scene, mine, row) : all;
  });
  const widths = each.map(([low, high]) => high - low);
  return Math.max(...widths) > DWARFED * Math.min(...widths) ? each : each.map(() => all);
}

/**
 * Which y axis a line has: one a row, and where networks have their own, one more for each after the first.
 * @param {Row[]} rows @param {number} row @param {number} column @param {number} columns
 */
export const yIndex = (rows, row, column, columns) =>
  rows[row]?.own && column > 0 ? rows.length + row * (columns - 1) + column - 1 : row;

/** An axis goes no farther than its values can. @param {[number, number]} range @param {Row} row */
function within([low, high], { log, share, bounds = share ? SHARES : undefined }) {
  if (!bounds) return /** @type {[number, number]} */ ([low, high]);
  const [least, most] = log ? bounds.map(Math.log10) : bounds;
  const [from, to] = [Math.max(low, least), Math.min(high, most)];
  // What lies wholly beyond is shown where it is.
  return /** @type {[number, number]} */ (from < to ? [from, to] : [low, high]);
}

/**
 * @param {Scene} scene
 * @param {Line[]} lines
 * @param {Row[]} rows
 * @param {boolean} settled
 * @param {Title[]} titles over the columns; empty for none
 * @returns {import("../types").Figure}
 */
export function lineFigure(scene, lines, rows, settled, titles) {
  const columns = Math.max(1, titles.length);
  const across = split(columns, rows.some(({ own }) => own) ? OWN_GAP : GAP);
  const down = split(rows.length, rows.length > FEW_ROWS ? MANY_ROWS_GAP : ROW_GAP).reverse();
  /** @type {Record<string, any>} */
  const layout = layoutOf(scene, {
    annotations: headings(scene, titles, rows, across, down),
    shapes: rows.flatMap((row, i) => guideShapes(scene, row, i, columns)),
  });
  // The last step of one column and the 0 of the next must not read as one number.
  across.forEach((domain, i) => {
    layout[axisName("x", i)] = runAxis(scene, {
      domain,
      anchor: axisId("y", rows.length - 1),
      title: runTitle(scene, i === 0),
      nticks: scene.narrow || across.length > 2 ? 3 : across.length > 1 ? 4 : 6,
    });
  });
  rows.forEach((row, i) => {
    const mine = lines.filter((line) => rows[line.row] === row || (row.scale && rows[line.row].scale === row.scale));
    rangesOf(scene, mine, row, columns).forEach((range, column) => {
      if (!row.log && hasLongTicks(range)) layout.margin.l = LONG_MARGIN;
      layout[axisName("y", yIndex(rows, i, column, columns))] = axis(scene, {
        domain: down[i],
        range,
        ...ticksOf(scene, row, range, rows.length),
        anchor: axisId("x", column),
        fixedrange: true,
      });
    });
  });
  // Lines that move are painted: Plotly needs to know of each when someone points at it, and till then takes long over
  // it.
  return { data: settled ? traces(scene, lines, rows) : axesOf(lines), layout };
}

/**
 * Where the values of a row usually lie: a band below all lines, and a line in it.
 * @param {Scene} scene @param {Row} row @param {number} i @param {number} columns
 */
function guideShapes(scene, { guide }, i, columns) {
  if (!guide) return [];
  return Array.from({ length: columns }, (_, column) => {
    const on = { layer: "below", xref: `${axisId("x", column)} domain`, yref: axisId("y", i), x0: 0, x1: 1 };
    return [
      { ...on, type: "rect", y0: guide.from, y1: guide.to, fillcolor: GUIDE_COLOR, line: { width: 0 } },
      { ...on, type: "line", y0: guide.at, y1: guide.at, line: { color: scene.theme.muted, width: 1, dash: "dot" } },
    ];
  }).flat();
}

/** Labels that have room at the axis of a row, by how many rows there are; in a narrow window one less of many. */
const ROOM = [5, 5, 4, 4];

/** @param {Scene} scene @param {Row} row @param {[number, number]} range @param {number} rows how many there are */
function ticksOf({ narrow }, row, range, rows) {
  const most = ROOM[Math.min(rows, ROOM.length - 1)] - (narrow && rows >= ROOM.length - 1 ? 1 : 0);
  return row.log ? logTicks(range, most) : { nticks: most, ...(row.share ? { tickformat: ".0%" } : {}) };
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
    const { x, steps, y, values, means } = points(scene, line, most);
    const kind = line.layer ? scene.layoutIndex.label(line.layer) : "";
    const name = escapeText([lineName(scene, line), kind].filter(Boolean).join(" · "));
    const what = line.what ? `${escapeText(line.what)}<br>` : "";
    const format = rows[line.row].share ? ".1%" : ".4g";
    return {
      type: "scatter",
      mode: "lines",
      uid: `line${i}`,
      ...axesNames(line.axes),
      x,
      y,
      customdata: values.map((value, at) => [value, means?.[at] ?? null, steps[at]]),
      line: { color: line.color, width: line.width, simplify: false, ...dashStyle(line) },
      meta: line.layer ?? null,
      name,
      hovertemplate:
        `${name}<br>${what}${atStep(scene.t, "customdata[2]")}: <b>%{customdata[0]:${format}}</b>` +
        `${line.mean ? `<br>${meanName(scene, line.mean)}: %{customdata[1]:${format}}` : ""}<extra></extra>`,
    };
  });
}

/** The two axes of a subplot such as "x2y". @param {string} axes */
const axesNames = (axes) => ({ xaxis: axes.slice(0, axes.indexOf("y")), yaxis: axes.slice(axes.indexOf("y")) });

/** A trace without a point for each subplot, so that it has its axes. @param {Line[]} lines */
const axesOf = (lines) =>
  [...new Set(lines.map(({ axes }) => axes))].map((axes) => ({
    type: "scatter",
    mode: "lines",
    uid: `axes-${axes}`,
    ...axesNames(axes),
    x: [],
    y: [],
    hoverinfo: "skip",
  }));
