/** What the figures have in common: fonts, margins, axes, and who has which colour. */

import { networkColors } from "../app/colors.js";
import { named } from "../app/i18n.js";

/** @typedef {import("../types").Scene} Scene */

const FONT =
  '"Inter", "Segoe UI", "Noto Sans", "Noto Sans CJK KR", "Apple SD Gothic Neo", "Malgun Gothic", sans-serif';

/** @param {Scene} scene */
const textSize = (scene) => (scene.narrow ? 10 : 11.5);

/**
 * @param {Scene} scene
 * @param {Record<string, any>} more
 */
export function layoutOf(scene, more) {
  const { theme } = scene;
  return {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: FONT, size: textSize(scene), color: theme.muted },
    margin: { l: 44, r: 12, t: 22, b: 37 },
    showlegend: false,
    hovermode: "closest",
    hoverdistance: 24,
    dragmode: scene.narrow ? false : "zoom",
    hoverlabel: {
      bgcolor: theme.surface,
      bordercolor: theme.faint,
      font: { family: FONT, size: 12, color: theme.ink },
      align: "left",
      namelength: -1,
    },
    modebar: { orientation: "h" },
    ...more,
  };
}

/** Plotly makes powers of ten this much larger than other numbers at an axis. */
const POWER = 1.25;

/**
 * @param {Scene} scene
 * @param {Record<string, any>} more
 */
export function axis(scene, more) {
  const { theme } = scene;
  return {
    gridcolor: theme.grid,
    zerolinecolor: theme.faint,
    linecolor: theme.faint,
    tickcolor: theme.faint,
    zeroline: false,
    // Plotly would measure every label to hide those that reach over the chart's edge, which makes the browser lay out
    // the page: a fifth of the time that it takes to draw charts anew. The margins leave room for them.
    ticklabeloverflow: "allow",
    ticks: "outside",
    ticklen: 3,
    fixedrange: false,
    ...(more.type === "log"
      ? { exponentformat: "power", tickfont: { size: textSize(scene) / POWER } }
      : { exponentformat: "e" }),
    ...more,
  };
}

/**
 * The axis of steps.
 * @param {Scene} scene
 * @param {Record<string, any>} more
 */
export const stepAxis = (scene, more) =>
  axis(scene, {
    range: [0, scene.span],
    showgrid: false,
    nticks: scene.narrow ? 4 : 6,
    tickangle: 0,
    tickformat: "~s",
    ticklabelstandoff: 0,
    ...more,
  });

/** The title under an axis of steps. @param {Scene} scene @param {boolean} shown */
export const stepTitle = (scene, shown) => ({
  text: shown ? scene.t("axis.step") : "",
  standoff: 3,
  font: { size: 11 },
});

/**
 * Ticks of a log axis.
 * @param {[number, number]} range in decades
 * @param {number} [most] about how many labels there is room for
 */
export const decades = (range, most = 5) => ({
  type: "log",
  dtick: Math.max(1, Math.ceil((range[1] - range[0]) / most)),
});

/**
 * Domains of `count` equal columns (or rows).
 * @param {number} count
 * @param {number} gap share of the whole between two
 * @returns {[number, number][]}
 */
export function split(count, gap) {
  const width = (1 - gap * (count - 1)) / count;
  return Array.from({ length: count }, (_, i) => [i * (width + gap), Math.min(1, i * (width + gap) + width)]);
}

/** @param {string} letter @param {number} index from 0 @returns {string} x, x2, x3, ... */
export const axisId = (letter, index) => (index === 0 ? letter : `${letter}${index + 1}`);

/** @param {string} letter @param {number} index @returns {string} xaxis, xaxis2, ... */
export const axisName = (letter, index) => `${letter}axis${index === 0 ? "" : index + 1}`;

/** @param {Scene} scene */
export const colorsOf = (scene) => networkColors(scene.header.networks, scene.theme.name);

/**
 * A heading over a subplot.
 * @param {Scene} scene
 * @param {string} text
 * @param {string} color
 * @param {[number, number]} domain
 * @param {Record<string, any>} [more]
 */
export const heading = (scene, text, color, domain, more = {}) => ({
  text: escapeText(named(text, scene.t)),
  x: domain[0],
  y: 1,
  xref: "paper",
  yref: "paper",
  xanchor: "left",
  yanchor: "bottom",
  showarrow: false,
  font: { family: FONT, size: scene.narrow ? 11 : 12.5, color, weight: 600 },
  ...more,
});

/** A line's dash as figures name it. @param {{dash?: number[]}} line */
export const dashStyle = ({ dash }) => (dash?.length ? { dash: dash.map((length) => `${length}px`).join() } : {});

/** The step at the pointer, as Plotly fills it in. @param {import("../types").Translate} t */
export const atStep = (t) => t("progress.at", { step: "%{x}" });

/**
 * Plotly reads tags in its texts; names of networks and layers are text, not markup.
 * @param {string} text
 */
export const escapeText = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** The name of a layer on an axis: the one in focus is bold. @param {Scene} scene @param {string} name */
export const layerLabel = (scene, name) => {
  const text = escapeText(named(name, scene.t));
  return name === scene.selection.layer ? `<b>${text}</b>` : text;
};

/**
 * What decides how every figure is laid out.
 * @param {Scene} scene
 */
export const commonKey = (scene) =>
  [scene.run.id, scene.theme.name, scene.narrow, scene.t("locale"), scene.header.networks.length].join("|");
