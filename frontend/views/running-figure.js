/** Running and batch statistics as Plotly draws them: a column a network, a row a statistic. */

import { css } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { robustRange } from "../app/numbers.js";
import { axis, axisId, axisName, colorsOf, escapeText, heading, layoutOf, split } from "./common.js";
import { focusLayer } from "./focus.js";
import { columnsOf, linesOf, ROWS, values } from "./running-lines.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("./running-lines.js").Line} Line */
/** @typedef {[number, number][]} Domains */

/** @param {Scene} scene @param {Domains} across @param {Domains} down */
function headings(scene, across, down) {
  const colors = colorsOf(scene);
  const layer = named(focusLayer(scene), scene.t);
  return [
    ...columnsOf(scene).map(({ network, index }, i) =>
      heading(scene, `${named(network.name, scene.t)} · ${layer}`, css(colors[index]), across[i]),
    ),
    ...ROWS.map((name, i) =>
      heading(scene, scene.t(`quantity.${name}`), scene.theme.muted, [1, 1], {
        xanchor: "right",
        y: down[i][1],
        font: { size: 11, color: scene.theme.muted },
      }),
    ),
  ];
}

/**
 * The channels of a column.
 * @param {Scene} scene @param {Line[]} lines @param {[number, number]} domain @param {number} i
 */
function channelAxis(scene, lines, domain, i) {
  const size = Math.max(...lines.filter((line) => line.column === i).map(({ entry }) => entry.size), 1);
  return axis(scene, {
    domain,
    range: [-0.5, size - 0.5],
    showgrid: false,
    anchor: axisId("y", 1),
    nticks: 6,
    title: { text: i === 0 ? scene.t("axis.channel") : "", standoff: 3, font: { size: 11 } },
  });
}

/**
 * The values of a row.
 * @param {Scene} scene @param {Line[]} lines @param {[number, number]} domain @param {number} row
 */
function valueAxis(scene, lines, domain, row) {
  const all = lines.filter((line) => line.row === row).flatMap(({ entry }) => [...values(scene, entry).y]);
  return axis(scene, {
    domain,
    range: robustRange(all, { zero: ROWS[row] === "variance" }),
    nticks: 5,
    anchor: "x",
  });
}

/** @param {Scene} scene @param {Line} line */
function traceOf(scene, { entry, column, row, kind }) {
  const { index } = columnsOf(scene)[column];
  return {
    type: "scatter",
    mode: "lines",
    uid: `${kind}-${column}-${row}`,
    xaxis: axisId("x", column),
    yaxis: axisId("y", row),
    ...values(scene, entry),
    line: {
      // The batch's line is broad, so that it shows where the running one covers it.
      ...(kind === "running"
        ? { color: scene.theme.ink, width: 1.2 }
        : { color: css(colorsOf(scene)[index], 0.65), width: 3.2 }),
      simplify: false,
    },
    hovertemplate:
      `${escapeText(named(entry.network, scene.t))} · ${escapeText(scene.t(`statistics.${kind}`))} · ` +
      `${scene.t("axis.channel")} %{x}: <b>%{y:.4g}</b><extra></extra>`,
  };
}

/** @param {Scene} scene @returns {import("../types").Figure} */
export function runningFigure(scene) {
  const lines = linesOf(scene);
  const columns = columnsOf(scene);
  const across = split(Math.max(1, columns.length), scene.narrow ? 0.06 : 0.04);
  const down = split(ROWS.length, 0.16).reverse();
  /** @type {Record<string, any>} */
  const layout = layoutOf(scene, { annotations: headings(scene, across, down) });
  for (const i of columns.keys()) layout[axisName("x", i)] = channelAxis(scene, lines, across[i], i);
  for (const row of ROWS.keys()) layout[axisName("y", row)] = valueAxis(scene, lines, down[row], row);
  return { data: lines.map((line) => traceOf(scene, line)), layout };
}
