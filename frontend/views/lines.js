/** The views that draw lines over steps: one column a network, one row a quantity, one line a layer (or a channel). */

import { css, shade } from "../app/colors.js";
import { brief, robustRange, Smoother, spread } from "../app/numbers.js";
import { said } from "../app/server-messages.js";
import {
  axis,
  axisId,
  axisName,
  colorsOf,
  commonKey,
  decades,
  escapeText,
  heading,
  layoutOf,
  split,
  stepAxis,
  stepTitle,
} from "./common.js";
import { focusLayer } from "./focus.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").Series} Series */
/** @typedef {import("../types").View} View */
/** @typedef {Series & {column: number, row: number, layer?: string, network: string}} Line */
/**
 * @typedef {object} Row
 * @property {string} title key of its title
 * @property {boolean} [log]
 * @property {boolean} [zero]
 */

const MOST_POINTS = 3000;
const SAMPLED = 4800;
const MOST_SPOKEN = 12;

/**
 * Steps and values of a line, NaN kept as gaps; over `most` points every n-th, and the last.
 * @param {Scene} scene
 * @param {Series} line
 * @param {number} [most]
 */
export function points(scene, line, most = MOST_POINTS) {
  const stream = scene.history.stream(line.stream);
  if (line.many) return keptPoints(stream, line, most);
  const column = stream.column(line.offset);
  const positions = spread(stream.count, most);
  const raw = positions.map((position) => column[stream.order[position]]);
  let y = raw;
  if (line.smooth) {
    const smoothed = smoothing(stream, column);
    y = positions.map((position) => smoothed[position]);
  }
  return { x: positions.map((position) => stream.steps[stream.order[position]]), y, raw };
}

/** @param {import("../stream/history.js").StreamHistory} stream @param {Series} line @param {number} most */
function keptPoints(stream, line, most) {
  const slots = spread(stream.count, most)
    .map((position) => stream.order[position])
    .filter((slot) => stream.rowOf[slot] >= 0);
  const raw = slots.map((slot) => stream.value(slot, line.offset));
  return { x: slots.map((slot) => stream.steps[slot]), y: raw, raw };
}

/**
 * By position: the line as it is drawn.
 * @param {import("../stream/history.js").StreamHistory} stream
 * @param {Float32Array} column
 */
function smoothing(stream, column) {
  const smoother = new Smoother();
  return Float64Array.from({ length: stream.count }, (_, position) => smoother.next(column[stream.order[position]]));
}

/** A smoothed line's labels say the exact values. @param {Scene} scene @param {Series} line */
function settledPoints(scene, line) {
  const { x, y, raw } = points(scene, line);
  return { x, y, customdata: raw };
}

/**
 * @param {Scene} scene
 * @param {Series} line
 */
export function valueNow(scene, line) {
  const stream = scene.history.stream(line.stream);
  if (line.many) return stream.value(stream.slotAt(scene.look.step), line.offset);
  const position = scene.look.step === null ? stream.count - 1 : stream.position(scene.look.step);
  return position < 0 ? NaN : stream.column(line.offset)[stream.order[position]];
}

/**
 * Lines of one quantity: each layer of each network that has it.
 * @param {Scene} scene
 * @param {number} row
 * @param {string[]} quantities the first that is there is taken
 * @param {string[]} sites
 * @param {boolean} [smooth] what is drawn is a running average
 * @returns {Line[]}
 */
export function layerLines(scene, row, quantities, sites, smooth = false) {
  const colors = colorsOf(scene);
  const focus = scene.look.layer;
  /** @type {Line[]} */
  const lines = [];
  scene.header.networks.forEach((network, column) => {
    network.layers.forEach((layer, index) => {
      const place = scene.places.first(quantities, { network: network.name, layer: layer.name }, sites);
      if (place?.size !== 1) return;
      const rgb = shade(colors[column], index, network.layers.length, scene.theme.name);
      const focused = focus === layer.name;
      lines.push({
        stream: place.stream,
        offset: place.offset,
        axes: axisId("x", column) + axisId("y", row),
        column,
        row,
        color: css(rgb, focus === null || focused ? 1 : 0.35),
        width: focused ? 2.8 : 1.5,
        name: layer.name,
        layer: layer.name,
        network: network.name,
        smooth,
      });
    });
  });
  return lines;
}

/**
 * @param {Scene} scene
 * @param {Line[]} lines
 * @param {Row} row
 */
function rangeOf(scene, lines, row) {
  const values = lines.flatMap((line) => points(scene, line, Math.max(24, Math.floor(SAMPLED / lines.length))).y);
  return robustRange(values, row);
}

/** Whether an axis names its values with exponents, which need more room. @param {[number, number]} range */
const isWide = ([low, high]) => Math.max(Math.abs(low), Math.abs(high)) >= 1e5;
const WIDE_MARGIN = 62;

/** A line's name as people read it. @param {Scene} scene @param {Line} line */
const nameOf = (scene, { network, name }) =>
  [network, name]
    .filter(Boolean)
    .map((text) => said(text, scene.t))
    .join(" · ");

/**
 * @param {Scene} scene
 * @param {Line[]} lines
 * @param {Row[]} rows
 * @param {boolean} settled
 * @param {string[]} titles over the columns; empty for none
 */
function figureOf(scene, lines, rows, settled, titles) {
  const columns = Math.max(1, titles.length);
  // The last step of one column and the 0 of the next must not read as one number.
  const across = split(columns, 0.09);
  const down = split(rows.length, 0.13).reverse();
  const colors = colorsOf(scene);
  const colorOf = (/** @type {string} */ name) =>
    css(
      colors[
        Math.max(
          0,
          scene.header.networks.findIndex((network) => network.name === name),
        )
      ],
    );
  /** @type {Record<string, any>} */
  const layout = layoutOf(scene, {
    annotations: [
      ...titles.map((title, i) => heading(scene, title, colorOf(title), across[i])),
      ...rows.map((row, i) =>
        heading(scene, scene.t(row.title), scene.theme.muted, [1, 1], {
          // Beside three headings and more there is no room for it: then it stands in the plot.
          xanchor: "right",
          yanchor: i === 0 && columns > 2 ? "top" : "bottom",
          y: down[i][1],
          font: { size: 11, color: scene.theme.muted },
        }),
      ),
    ],
  });
  for (let i = 0; i < columns; i++) {
    layout[axisName("x", i)] = stepAxis(scene, {
      domain: across[i],
      anchor: axisId("y", rows.length - 1),
      title: stepTitle(scene, i === 0),
    });
  }
  rows.forEach((row, i) => {
    const range = rangeOf(
      scene,
      lines.filter((line) => line.row === i),
      row,
    );
    if (!row.log && isWide(range)) layout.margin.l = WIDE_MARGIN;
    layout[axisName("y", i)] = axis(scene, {
      domain: down[i],
      range,
      ...(row.log ? decades(range) : { nticks: 5 }),
      anchor: "x",
    });
  });
  // Lines that move are painted: Plotly needs to know of each when someone points at it, and till then takes long over
  // it.
  const data = settled
    ? lines.map((line, i) => ({
        type: "scatter",
        mode: "lines",
        uid: `line${i}`,
        xaxis: axisId("x", line.column),
        yaxis: axisId("y", line.row),
        ...settledPoints(scene, line),
        line: { color: line.color, width: line.width, simplify: false, ...(line.dash ? { dash: "dot" } : {}) },
        meta: line.layer ?? null,
        name: escapeText(nameOf(scene, line)),
        hovertemplate:
          `${escapeText(nameOf(scene, line))}<br>` +
          `${scene.t("axis.step")} %{x}: <b>%{customdata:.4g}</b><extra></extra>`,
      }))
    : axesOf(lines);
  return { data, layout };
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

/**
 * @param {object} spec
 * @param {string} spec.id
 * @param {Row[]} spec.rows
 * @param {(scene: Scene) => Line[]} spec.lines
 * @param {(scene: Scene) => string[]} [spec.titles] over the columns
 * @param {(scene: Scene) => string} [spec.key]
 * @returns {View}
 */
export function lineView({ id, rows: allRows, lines: allLines, titles = networkNames, key = () => "" }) {
  /** Rows without a line are left out. @param {Scene} scene */
  const drawn = (scene) => {
    const lines = allLines(scene);
    const used = allRows.map((_, i) => i).filter((i) => lines.some((line) => line.row === i));
    for (const line of lines) {
      line.row = used.indexOf(line.row);
      line.axes = axisId("x", line.column) + axisId("y", line.row);
    }
    return { lines, rows: used.map((i) => allRows[i]) };
  };
  const lines = (/** @type {Scene} */ scene) => drawn(scene).lines;
  /** @type {View} */
  const view = {
    id,
    streams: (scene) => [...new Set(lines(scene).map((line) => line.stream))],
    available: (scene) => lines(scene).length > 0,
    key: (scene) => [commonKey(scene), scene.span, scene.look.layer, key(scene)].join("|"),
    figure: (scene, settled = true) => {
      const { lines, rows } = drawn(scene);
      return figureOf(scene, lines, rows, settled, titles(scene));
    },
    series: lines,
    summary: (scene) => {
      const { lines, rows } = drawn(scene);
      return lines
        .filter((line) => line.layer === undefined || line.layer === focusLayer(scene))
        .slice(0, MOST_SPOKEN)
        .map((line) => `${nameOf(scene, line)}: ${scene.t(rows[line.row].title)} ${brief(valueNow(scene, line))}`)
        .join("; ");
    },
    table: (scene) => {
      const { lines, rows } = drawn(scene);
      return tableOf(scene, lines, rows);
    },
    pick: (_scene, point) => ({ step: point.x, ...(point.data.meta ? { layer: point.data.meta } : {}) }),
  };
  return view;
}

/**
 * @param {Scene} scene
 * @param {Line[]} lines
 * @param {Row[]} rows
 */
function tableOf(scene, lines, rows) {
  /** @type {(string | number)[][]} */
  const table = [["network", "line", "quantity", "step", "value"]];
  for (const line of lines) {
    const { x, raw } = points(scene, line, Infinity);
    for (const [i, step] of x.entries()) {
      table.push([line.network, line.name, scene.t(rows[line.row].title), step, raw[i]]);
    }
  }
  return table;
}

/** @param {Scene} scene */
export const networkNames = (scene) => scene.header.networks.map((network) => network.name);
