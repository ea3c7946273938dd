/** Running against batch statistics: what evaluation will use beside what this batch has, channel by channel. */

import { css } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { brief, robustRange } from "../app/numbers.js";
import { axis, axisId, axisName, colorsOf, commonKey, escapeText, heading, layoutOf, split } from "./common.js";
import { focusLayer, shownSlot } from "./focus.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").View} View */
/** @typedef {import("../types").Entry} Entry */
/** @typedef {{entry: Entry, column: number, row: number, kind: "batch" | "running"}} Line */

const ROWS = ["mean", "variance"];

/** The networks that keep running statistics of the layer in focus: a column each. @param {Scene} scene */
const columnsOf = (scene) =>
  scene.header.networks
    .map((network, index) => ({ network, index }))
    .filter(({ network }) =>
      scene.layoutIndex.find("running_mean", { network: network.name, layer: focusLayer(scene) }),
    );

/** @param {Scene} scene @returns {Line[]} */
function linesOf(scene) {
  return columnsOf(scene).flatMap(({ network }, column) =>
    ROWS.flatMap((name, row) =>
      /** @type {const} */ (["batch", "running"]).flatMap((kind) => {
        const entry = scene.layoutIndex.find(`${kind}_${name}`, { network: network.name, layer: focusLayer(scene) });
        return entry ? [{ entry, column, row, kind }] : [];
      }),
    ),
  );
}

/** @param {Scene} scene @param {Entry} entry */
function values(scene, entry) {
  const row = scene.history.stream(entry.stream).row(shownSlot(scene, entry.stream));
  const y = row
    ? Float64Array.from(row.subarray(entry.offset, entry.offset + entry.size))
    : new Float64Array(entry.size).fill(NaN);
  return { x: Float64Array.from(y, (_, channel) => channel), y };
}

/**
 * How far running and batch means are apart, as recorded, on average over the channels.
 * @param {Scene} scene
 * @param {string} network
 */
function gap(scene, network) {
  const entry = scene.layoutIndex.find("running_gap", { network, layer: focusLayer(scene) });
  if (!entry) return NaN;
  const { y } = values(scene, entry);
  return y.reduce((sum, value) => sum + Math.abs(value), 0) / y.length;
}

/** @type {View} */
export const running = {
  id: "running",
  legend: (scene) => [
    {
      text: scene.t("statistics.batch"),
      colors: columnsOf(scene).map(({ index }) => css(colorsOf(scene)[index])),
      width: 3,
    },
    { text: scene.t("statistics.running"), colors: [scene.theme.ink], width: 1.2 },
  ],
  fits: true,
  streams: (scene) => [...new Set(linesOf(scene).map(({ entry }) => entry.stream))],
  available: (scene) => linesOf(scene).some(({ kind }) => kind === "running"),
  key: (scene) => [commonKey(scene), focusLayer(scene)].join("|"),
  figure(scene) {
    const lines = linesOf(scene);
    const columns = columnsOf(scene);
    const colors = colorsOf(scene);
    const across = split(Math.max(1, columns.length), scene.narrow ? 0.06 : 0.04);
    const down = split(ROWS.length, 0.16).reverse();
    /** @type {Record<string, any>} */
    const layout = layoutOf(scene, {
      annotations: [
        ...columns.map(({ network, index }, i) =>
          heading(
            scene,
            `${named(network.name, scene.t)} · ${named(focusLayer(scene), scene.t)}`,
            css(colors[index]),
            across[i],
          ),
        ),
        ...ROWS.map((name, i) =>
          heading(scene, scene.t(`quantity.${name}`), scene.theme.muted, [1, 1], {
            xanchor: "right",
            y: down[i][1],
            font: { size: 11, color: scene.theme.muted },
          }),
        ),
      ],
    });
    columns.forEach((_, i) => {
      const size = Math.max(...lines.filter((line) => line.column === i).map(({ entry }) => entry.size), 1);
      layout[axisName("x", i)] = axis(scene, {
        domain: across[i],
        range: [-0.5, size - 0.5],
        showgrid: false,
        anchor: axisId("y", 1),
        nticks: 6,
        title: { text: i === 0 ? scene.t("axis.channel") : "", standoff: 3, font: { size: 11 } },
      });
    });
    ROWS.forEach((name, row) => {
      const all = lines.filter((line) => line.row === row).flatMap(({ entry }) => [...values(scene, entry).y]);
      layout[axisName("y", row)] = axis(scene, {
        domain: down[row],
        range: robustRange(all, { zero: name === "variance" }),
        nticks: 5,
        anchor: "x",
      });
    });
    // The batch's line is broad, so that it shows where the running one covers it.
    const data = lines.map(({ entry, column, row, kind }) => ({
      type: "scatter",
      mode: "lines",
      uid: `${kind}-${column}-${row}`,
      xaxis: axisId("x", column),
      yaxis: axisId("y", row),
      ...values(scene, entry),
      line: {
        ...(kind === "running"
          ? { color: scene.theme.ink, width: 1.2 }
          : { color: css(colors[columns[column].index], 0.65), width: 3.2 }),
        simplify: false,
      },
      hovertemplate:
        `${escapeText(named(entry.network, scene.t))} · ${escapeText(scene.t(`statistics.${kind}`))} · ` +
        `${scene.t("axis.channel")} %{x}: <b>%{y:.4g}</b><extra></extra>`,
    }));
    return { data, layout };
  },
  shapes: (scene) => linesOf(scene).map(({ entry }, trace) => ({ trace, ...values(scene, entry) })),
  summary: (scene) =>
    columnsOf(scene)
      .map(({ network }) =>
        scene.t("running.summary", {
          network: named(network.name, scene.t),
          layer: named(focusLayer(scene), scene.t),
          gap: brief(gap(scene, network.name)),
        }),
      )
      .join("; "),
  table: (scene) => [
    ["network", "statistic", "channel", "value"],
    ...linesOf(scene).flatMap(({ entry, kind, row }) =>
      [...values(scene, entry).y].map((value, channel) => [entry.network, `${kind}_${ROWS[row]}`, channel, value]),
    ),
  ],
  pick: (_scene, point) => ({ unit: point.x }),
};
