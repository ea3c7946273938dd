/** The views that draw lines over steps: their lines, and the view that is made of them. */

import { css, shade } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { brief } from "../app/numbers.js";
import { axisId, colorsOf, commonKey } from "./common.js";
import { focusLayer } from "./focus.js";
import { endsOf } from "./line-ends.js";
import { lineFigure, lineName, yIndex } from "./line-figure.js";
import { depthLegend, meanLegend, zeroLegend } from "./line-legend.js";
import { leftOut, points, valueNow } from "./line-points.js";
import { isLinear, placeOf, runAxisKey } from "./run-axis.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").View} View */
/** @typedef {import("./line-figure.js").Line} Line */
/** @typedef {import("./line-figure.js").Row} Row */
/** @typedef {import("./line-figure.js").Title} Title */

const MOST_SPOKEN = 12;
/** Recorded values that a running mean is over, and what share of them all, at least; it doubles as they come. */
const MEAN_OVER = 15;
const MEAN_SHARE = 1 / 64;
const MOST_OVER = 10_000;
/** The choice of how many values a running mean is over; it stands in the link. */
export const SMOOTHING = "smoothing";
/** What stands behind a running mean is paler and thinner. */
const BEHIND = { alpha: 0.14, width: 0.8 };

/**
 * Lines of one quantity: each layer of each network that has it.
 * @param {Scene} scene
 * @param {number} row
 * @param {string} quantity
 * @param {string[]} [sites] the first that has it is taken
 * @returns {Line[]}
 */
export function layerLines(scene, row, quantity, sites = [""]) {
  const colors = colorsOf(scene);
  const focus = scene.selection.layer;
  return scene.header.networks.flatMap((network, column) =>
    network.layers.flatMap((layer, index) => {
      const entry = scene.layoutIndex.first([quantity], { network: network.name, layer: layer.name }, sites);
      if (entry?.size !== 1) return [];
      const rgb = shade(colors[column], index, network.layers.length, scene.theme.name);
      const focused = focus === layer.name;
      return [
        {
          stream: entry.stream,
          offset: entry.offset,
          axes: axisId("x", column) + axisId("y", row),
          column,
          row,
          rgb,
          color: css(rgb, focus === null || focused ? 1 : 0.35),
          width: focused ? 2.8 : 1.5,
          quantity,
          name: layer.name,
          layer: layer.name,
          network: network.name,
        },
      ];
    }),
  );
}

/**
 * How many values of a stream a running mean is over: as many as are chosen, else more with their number.
 * @param {Scene} scene
 * @param {number} count
 */
function meanOver(scene, count) {
  const chosen = Number(scene.selection.choices[SMOOTHING]);
  if (chosen >= 1) return Math.min(Math.round(chosen), MOST_OVER);
  let over = MEAN_OVER;
  while (over < count * MEAN_SHARE) over *= 2;
  return over;
}

/**
 * The same lines with their running means: the values stand pale behind them. A mean of one value is that value.
 * @param {Scene} scene
 * @param {Line[]} lines
 * @returns {Line[]}
 */
export function withMeans(scene, lines) {
  const strong = (/** @type {Line} */ { layer }) =>
    layer === undefined || scene.selection.layer === null || scene.selection.layer === layer;
  const over = meanOver(scene, Math.max(0, ...lines.map((line) => scene.history.stream(line.stream).count)));
  if (over === 1) return lines;
  return [
    ...lines.map((line) => ({
      ...line,
      mean: over,
      color: css(line.rgb ?? [128, 128, 128], strong(line) ? BEHIND.alpha : BEHIND.alpha / 2),
      width: BEHIND.width,
    })),
    ...lines.map((line) => ({ ...line, mean: over, smooth: over })),
  ];
}

/** A value in words, as its row's axis shows it. @param {Scene} scene @param {Row} row @param {number} value */
const valueText = ({ t }, { share }, value) =>
  share && Number.isFinite(value) ? t("percent", { value: (100 * value).toFixed(1) }) : brief(value);

/** @typedef {import("../types").LegendItem} LegendItem */

/**
 * A view of lines over steps.
 * @param {{id: string, rows: Row[] | ((scene: Scene) => Row[]), lines: (scene: Scene) => Line[],
 *   titles?: (scene: Scene) => Title[], key?: (scene: Scene) => string,
 *   legend?: (scene: Scene) => LegendItem[]} & Partial<View>} spec `titles` stand over the columns
 * @returns {View}
 */
export function lineView({
  rows: allRows,
  lines: allLines,
  titles = networkTitles,
  key = () => "",
  legend = depthLegend,
  ...more
}) {
  /** Rows without a line are left out. @param {Scene} scene */
  const drawn = (scene) => {
    const lines = allLines(scene);
    const rows = typeof allRows === "function" ? allRows(scene) : allRows;
    const used = rows.map((_, i) => i).filter((i) => lines.some((line) => line.row === i));
    const kept = used.map((i) => (isLinear(scene) ? { ...rows[i], log: false } : rows[i]));
    const columns = kept.some(({ own }) => own) ? titles(scene).length : 1;
    for (const line of lines) {
      line.row = used.indexOf(line.row);
      line.axes = axisId("x", line.column) + axisId("y", yIndex(kept, line.row, line.column, columns));
      line.x = placeOf(scene, line);
    }
    return { lines, rows: kept };
  };
  const lines = (/** @type {Scene} */ scene) => drawn(scene).lines;
  const meanOf = (/** @type {Scene} */ scene) => lines(scene).find((line) => line.mean)?.mean;
  return {
    streams: (scene) => [...new Set(lines(scene).map((line) => line.stream))],
    available: (scene) => lines(scene).length > 0,
    key: (scene) =>
      [commonKey(scene), runAxisKey(scene), isLinear(scene), scene.selection.layer, meanOf(scene), key(scene)].join(
        "|",
      ),
    figure: (scene, settled = true) => {
      const { lines, rows } = drawn(scene);
      return lineFigure(scene, lines, rows, settled, titles(scene));
    },
    series: lines,
    ends: (scene) => endsOf(scene, lines(scene)),
    legend: (scene) => {
      const over = meanOf(scene);
      return [...legend(scene), ...(over ? meanLegend(scene, over) : []), ...zeroLegend(scene, drawn(scene))];
    },
    summary: (scene) => summaryOf(scene, drawn(scene)),
    table: (scene) => tableOf(scene, recordedLines(lines(scene))),
    leftOut: (scene) => Math.max(0, ...lines(scene).map((line) => leftOut(scene, line))),
    pick: (_scene, point) => ({ step: point.customdata[2], ...(point.data.meta ? { layer: point.data.meta } : {}) }),
    ...more,
  };
}

/**
 * What lines show now: those of the layer in focus, and those of no layer.
 * @param {Scene} scene
 * @param {{lines: Line[], rows: Row[]}} drawn
 */
function summaryOf(scene, { lines, rows }) {
  return recordedLines(lines)
    .filter((line) => line.layer === undefined || line.layer === focusLayer(scene))
    .slice(0, MOST_SPOKEN)
    .map((line) => {
      const row = rows[line.row];
      const what = line.what ?? scene.t(row.title);
      const said = `${what} ${valueText(scene, row, valueNow(scene, line))}`;
      return [lineName(scene, line), said].filter(Boolean).join(": ");
    })
    .join("; ");
}

/** The lines of what was recorded, without their running means. @param {Line[]} lines */
const recordedLines = (lines) => lines.filter((line) => !line.smooth);

/**
 * Every recorded value; where a running mean is drawn, it has a column of its own.
 * @param {Scene} scene
 * @param {Line[]} lines
 */
function tableOf(scene, lines) {
  const over = lines.find((line) => line.mean)?.mean;
  /** @type {(string | number)[][]} */
  const table = [["network", "line", "quantity", "step", "value", ...(over ? [`running_mean_of_${over}`] : [])]];
  for (const line of lines) {
    const { steps, values, means } = points(scene, line);
    for (const [i, step] of steps.entries()) {
      const row = [line.network, line.name, line.quantity, step, values[i]];
      table.push(over ? [...row, means?.[i] ?? NaN] : row);
    }
  }
  return table;
}

/** @param {Scene} scene @returns {Title[]} */
const networkTitles = (scene) =>
  scene.header.networks.map(({ name }) => ({ network: name, text: named(name, scene.t) }));
