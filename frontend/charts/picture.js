/** A chart as a picture that says by itself what it shows: title, run and step, its legend, and what happened. */

import { runName } from "../app/server-messages.js";
import { escapeText } from "../views/common.js";
import { legendLines } from "./legend.js";
import { CONFIG, plotly } from "./library.js";
import { flagsOf } from "./picture-flags.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").View} View */

/** How far the title's foot is from the upper edge, each further line from the one before, and all from the chart. */
const TITLE = 26;
const LINE = 16;
const REST = 6;
const LEFT = 12;

/** About the width of a letter of the title, and of a Hangul syllable. */
const LETTER = 8.2;
const SYLLABLE = 14;

/**
 * The chart, the run and the step: in one line where there is room, else in two.
 * @param {View} view @param {Scene} scene @param {number} room in pixels
 * @returns {string[]}
 */
function titlesOf(view, scene, room) {
  const { t, run, selection } = scene;
  const steps = view.streams(scene).map((stream) => scene.history.stream(stream).lastStep);
  const step = selection.step ?? Math.max(...steps);
  const chart = t(`view.${view.id}`);
  const words = [runName(run, t) || run.id];
  if (steps.length) words.push(t("progress.at", { step: step.toLocaleString(t("locale")) }));
  const rest = words.join(" · ");
  const width = [...`${chart} · ${rest}`].reduce((sum, one) => sum + (one > "\u10ff" ? SYLLABLE : LETTER), 0);
  const title = `<b>${escapeText(chart)}</b>`;
  return width > room ? [title, escapeText(rest)] : [`${title} · ${escapeText(rest)}`];
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
  const [title, ...more] = titlesOf(view, scene, width - 2 * LEFT);
  const lines = [...more, ...legendLines(view.legend?.(scene) ?? [], width - 2 * LEFT, escapeText)];
  const head = TITLE + LINE * lines.length + REST;
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
    line(title, TITLE, { size: 14, color: theme.ink }),
    ...lines.map((text, i) => line(text, TITLE + LINE * (i + 1), { size: 11, color: theme.muted })),
  ];
  const flags = flagsOf(view, scene, layout, width);
  Object.assign(layout, {
    shapes: [...(layout.shapes ?? []), ...flags.shapes],
    paper_bgcolor: theme.surface,
    plot_bgcolor: theme.surface,
    margin,
    annotations: [...(layout.annotations ?? []), ...flags.texts, ...words],
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
