/** A chart as a picture, which says by itself what it shows: its title, run and step stand in it, and its legend. */

import { escapeText } from "../views/common.js";
import { legendLines } from "./legend.js";
import { CONFIG, plotly } from "./library.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").View} View */

/** How far the title's foot is from the upper edge, each further line from the one before, and all from the chart. */
const TITLE = 26;
const LINE = 16;
const REST = 6;
const LEFT = 12;

/** @param {View} view @param {Scene} scene */
function titleOf(view, scene) {
  const { t, run, selection } = scene;
  const steps = view.streams(scene).map((stream) => scene.history.stream(stream).lastStep);
  const step = selection.step ?? Math.max(...steps);
  const words = [run.name || run.id];
  if (steps.length) words.push(`${t("axis.step")} ${step.toLocaleString(t("locale"))}`);
  return [`<b>${escapeText(t(`view.${view.id}`))}</b>`, ...words.map(escapeText)].join(" · ");
}

/**
 * The figure with its words above it, and how much higher it is.
 * @param {View} view
 * @param {Scene} scene
 * @param {number} width
 */
export function pictured(view, scene, width) {
  const { data, layout } = view.figure(scene, true);
  const { theme } = scene;
  const legend = legendLines(view.legend?.(scene) ?? [], width - 2 * LEFT, escapeText);
  const head = TITLE + LINE * legend.length + REST;
  const margin = { ...layout.margin, t: layout.margin.t + head };
  const line = (/** @type {string} */ text, /** @type {number} */ foot, /** @type {Record<string, any>} */ font) => ({
    text,
    font,
    showarrow: false,
    xref: "paper",
    yref: "paper",
    x: 0,
    y: 1,
    xanchor: "left",
    yanchor: "bottom",
    align: "left",
    xshift: LEFT - margin.l,
    yshift: margin.t - foot,
  });
  const words = [
    line(titleOf(view, scene), TITLE, { size: 14, color: theme.ink }),
    ...legend.map((text, i) => line(text, TITLE + LINE * (i + 1), { size: 11, color: theme.muted })),
  ];
  Object.assign(layout, {
    paper_bgcolor: theme.surface,
    plot_bgcolor: theme.surface,
    margin,
    annotations: [...(layout.annotations ?? []), ...words],
  });
  return { data, layout, head };
}

/**
 * @param {View} view
 * @param {Scene} scene
 * @param {{width: number, height: number}} size of the chart
 * @param {"png" | "svg"} format
 * @returns {Promise<string>} data URL
 */
export function takePicture(view, scene, { width, height }, format) {
  const { data, layout, head } = pictured(view, scene, width);
  const scale = format === "png" ? 2 : 1;
  return plotly().toImage({ data, layout, config: CONFIG }, { format, scale, width, height: height + head });
}
