/** Running against batch statistics: what evaluation will use beside what this batch has, channel by channel. */

import { css } from "../colors.js";
import { robustRange } from "../numbers.js";
import { axis, axisName, colorsOf, commonKey, escapeText, focusLayer, heading, layoutOf, shownSlot, split } from "./common.js";
import { subject } from "./microscope.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").View} View */
/** @typedef {import("../types").Place} Place */

const ROWS = ["mean", "variance"];

/** @param {Scene} scene @returns {{place: Place, row: number, kind: "batch" | "running"}[]} */
function linesOf(scene) {
  const found = subject(scene);
  if (!found) return [];
  const where = { network: found.network.name, layer: focusLayer(scene) };
  return ROWS.flatMap((name, row) => /** @type {const} */ (["batch", "running"]).flatMap((kind) => {
    const place = scene.places.find(`${kind}_${name}`, where);
    return place ? [{ place, row, kind }] : [];
  }));
}

/** @param {Scene} scene @param {Place} place */
function values(scene, place) {
  const row = scene.history.stream(place.stream).row(shownSlot(scene, place.stream));
  const y = row ? Float64Array.from(row.subarray(place.offset, place.offset + place.size)) : new Float64Array(place.size).fill(NaN);
  return { x: Float64Array.from(y, (_, channel) => channel), y };
}

/** Mean distance of running from batch mean, and ratio of the variances. @param {Scene} scene */
function gaps(scene) {
  const of = (/** @type {number} */ row, /** @type {string} */ kind) => {
    const line = linesOf(scene).find((one) => one.row === row && one.kind === kind);
    return line ? values(scene, line.place).y : new Float64Array(0);
  };
  const [batch, running] = [of(0, "batch"), of(0, "running")];
  return batch.length ? batch.reduce((sum, value, i) => sum + Math.abs(value - running[i]), 0) / batch.length : NaN;
}

/** @type {View} */
export const running = {
  id: "running",
  fits: true,
  streams: (scene) => [...new Set(linesOf(scene).map(({ place }) => place.stream))],
  available: (scene) => linesOf(scene).some(({ kind }) => kind === "running"),
  key: (scene) => [commonKey(scene), focusLayer(scene)].join("|"),
  figure(scene) {
    const lines = linesOf(scene);
    const color = colorsOf(scene)[subject(scene)?.index ?? 0];
    const down = split(ROWS.length, 0.16).reverse();
    const styles = { batch: { color: css(color, 0.7), width: 1.2 }, running: { color: scene.theme.ink, width: 1.6 } };
    /** @type {Record<string, any>} */
    const layout = layoutOf(scene, {
      annotations: ROWS.map((name, i) => heading(scene, scene.t(`quantity.${name}`), scene.theme.muted, [1, 1], { xanchor: "right", y: down[i][1], font: { size: 11, color: scene.theme.muted } })),
      xaxis: axis(scene, { range: [-0.5, Math.max(...lines.map(({ place }) => place.size), 1) - 0.5], showgrid: false, anchor: "y2", nticks: 6, title: { text: scene.t("axis.channel"), standoff: 3, font: { size: 11 } } }),
    });
    ROWS.forEach((name, row) => {
      const all = lines.filter((line) => line.row === row).flatMap(({ place }) => [...values(scene, place).y]);
      layout[axisName("y", row)] = axis(scene, { domain: down[row], range: robustRange(all, { zero: name === "variance" }), nticks: 4, anchor: "x" });
    });
    const data = lines.map(({ place, row, kind }) => ({
      type: "scatter", mode: "lines", uid: `${kind}-${row}`, xaxis: "x", yaxis: row ? "y2" : "y", ...values(scene, place), line: { ...styles[kind], simplify: false },
      hovertemplate: `${escapeText(scene.t(`statistics.${kind}`))} · ${scene.t("axis.channel")} %{x}: <b>%{y:.4g}</b><extra></extra>`,
    }));
    return { data, layout };
  },
  shapes: (scene) => linesOf(scene).map(({ place }, trace) => ({ trace, ...values(scene, place) })),
  summary: (scene) => scene.t("running.summary", { layer: focusLayer(scene), gap: gaps(scene).toPrecision(3) }),
  table: (scene) => [["statistic", "channel", "value"], ...linesOf(scene).flatMap(({ place, kind, row }) => [...values(scene, place).y].map((value, channel) => [`${kind}_${ROWS[row]}`, channel, value]))],
  pick: (_scene, point) => ({ unit: point.x }),
};
