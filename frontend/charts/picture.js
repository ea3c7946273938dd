/** A chart as a picture, which says by itself what it shows: its title, run and step stand in it, and its legend. */

import { escapeText } from "../views/common.js";
import { legendText } from "./legend.js";
import { CONFIG, plotly } from "./library.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").View} View */

const HEAD = 30;
const LEGEND = 18;

/** @param {View} view @param {Scene} scene */
function titleOf(view, scene) {
  const { t, run, look } = scene;
  const step = look.step ?? scene.history.lastStep;
  const place = [run.name || run.id, step === undefined ? "" : `${t("axis.step")} ${step.toLocaleString()}`];
  const [title, ...words] = [t(`view.${view.id}`), ...place.filter(Boolean)].map(escapeText);
  return [`<b>${title}</b>`, ...words].join(" · ");
}

/**
 * The figure with its words above it, and how much higher it is.
 * @param {View} view
 * @param {Scene} scene
 */
export function pictured(view, scene) {
  const { data, layout } = view.figure(scene, true);
  const { theme } = scene;
  const legend = legendText(view.legend?.(scene) ?? [], escapeText);
  const head = HEAD + (legend ? LEGEND : 0);
  const words = legend ? `<br><span style="font-size:11px;color:${theme.muted}">${legend}</span>` : "";
  Object.assign(layout, {
    paper_bgcolor: theme.surface,
    plot_bgcolor: theme.surface,
    margin: { ...layout.margin, t: layout.margin.t + head },
    title: {
      text: `${titleOf(view, scene)}${words}`,
      font: { size: 14, color: theme.ink },
      x: 0,
      xref: "container",
      xanchor: "left",
      y: 1,
      yref: "container",
      yanchor: "top",
      pad: { l: 12, t: 10 },
    },
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
  const { data, layout, head } = pictured(view, scene);
  const scale = format === "png" ? 2 : 1;
  return plotly().toImage({ data, layout, config: CONFIG }, { format, scale, width, height: height + head });
}
