/** What the figures have in common: fonts, margins, axes, and who has which colour. */

import { networkColors } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { printable } from "../app/printable.js";
import { logTicks } from "./log-ticks.js";
import { runAxisKey, runAxisKind, runRange } from "./run-axis.js";
import { shortNames } from "./short-names.js";

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

/** What all axes along the run have in common. @param {Scene} scene @param {Record<string, any>} more */
const alongRun = (scene, more) =>
  axis(scene, { showgrid: false, nticks: scene.narrow ? 4 : 6, tickangle: 0, ticklabelstandoff: 0, ...more });

/** Of fewer steps each has a tick: there is nothing between two of them. */
const FEW_STEPS = 6;

/** Marks an axis that shows the stretch that is chosen for all. */
const LINKED = "along the run ";

/**
 * Whether an axis of a figure shows the stretch that is chosen for all.
 * @param {Record<string, any> | undefined} axis
 */
export const isLinked = (axis) => String(axis?.uirevision ?? "").startsWith(LINKED);

/**
 * A layer with its type and sizes, where these are known: "layer1.0.conv2 · Conv2d 64→64".
 * @param {Scene} scene @param {string} name
 */
export const describedLayer = (scene, name) =>
  [named(name, scene.t), scene.layoutIndex.label(name)].filter(Boolean).join(" · ");

/** @param {Scene} scene */
const linked = (scene) => ({ range: runRange(scene), uirevision: LINKED + runAxisKey(scene) });

/**
 * An axis of steps, for charts that have no other: it shows the chosen stretch where that is one of steps.
 * @param {Scene} scene
 * @param {Record<string, any>} more
 */
export const stepAxis = (scene, more) => {
  const shown = runAxisKind(scene) === "step" ? linked(scene) : { range: [0, scene.span] };
  const few = shown.range[1] - shown.range[0] < FEW_STEPS;
  return alongRun(scene, { ...shown, ...(few ? { dtick: 1 } : {}), tickformat: "~s", ...more });
};

/**
 * An axis along the run, whatever it counts.
 * @param {Scene} scene
 * @param {Record<string, any>} more
 */
export function runAxis(scene, more) {
  const kind = runAxisKind(scene);
  if (kind === "step") return stepAxis(scene, more);
  const range = runRange(scene);
  const ticks = kind === "loss" ? logTicks(/** @type {[number, number]} */ ([range[1], range[0]]), 4) : {};
  return alongRun(scene, { ...linked(scene), ...ticks, ...more });
}

/** @param {string} text */
const titled = (text) => ({ text, standoff: 3, font: { size: 11 } });

/** The title under an axis of steps. @param {Scene} scene @param {boolean} shown */
export const stepTitle = (scene, shown) => titled(shown ? scene.t("axis.step") : "");

/** The title under an axis along the run. @param {Scene} scene @param {boolean} shown */
export const runTitle = (scene, shown) => titled(shown ? scene.t(`axis.${runAxisKind(scene)}`) : "");

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

/**
 * The step at the pointer, as it is filled in.
 * @param {import("../types").Translate} t
 * @param {string} [where] in a point's own numbers, where the axis does not count steps
 */
export const atStep = (t, where = "x") => t("progress.at", { step: `%{${where}}` });

/**
 * Plotly reads tags in its texts; names of networks and layers are text, not markup.
 * @param {string} text
 */
export const escapeText = (text) =>
  printable(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** An axis has long ticks where they have an exponent, or many digits behind the point. */
const LONG_FROM = 1e5;
const LONG_BELOW = 1e-3;
const LONG_SPAN = 0.05;

/** Whether an axis needs more room than most. @param {[number, number]} range */
export function hasLongTicks([low, high]) {
  const most = Math.max(Math.abs(low), Math.abs(high));
  return most >= LONG_FROM || most < LONG_BELOW || high - low < LONG_SPAN * most;
}

const LETTER = 6.6;
const LAYER_ROOM = { narrow: 62, least: 78, most: 124 };

/** The names of an nn.Sequential's layers: of "0" and "3" an axis says the types too, and the sizes where they fit. */
const NUMBERED = /^[\d.]+$/;

/** @param {Scene} scene @param {string} name */
function onAxis(scene, name) {
  if (!NUMBERED.test(name) || scene.narrow) return named(name, scene.t);
  const full = describedLayer(scene, name);
  return [full, full.replace(/ \S+$/, "")].find(({ length }) => length * LETTER + 8 <= LAYER_ROOM.most) ?? name;
}

/** Pixels left of an axis of layers: deep networks have long names. @param {Scene} scene */
export const layerRoom = (scene) => {
  const longest = Math.max(...scene.layoutIndex.layers.map((name) => onAxis(scene, name).length));
  const room = Math.min(Math.max(longest * LETTER + 8, LAYER_ROOM.least), LAYER_ROOM.most);
  return scene.narrow ? LAYER_ROOM.narrow : room;
};

/** Names are asked for one at a time, and cut together. @type {WeakMap<string[], {key: string, names: string[]}>} */
const cut = new WeakMap();

/** The name of a layer on an axis: the one in focus is bold. @param {Scene} scene @param {string} name */
export const layerLabel = (scene, name) => {
  const { layers } = scene.layoutIndex;
  const letters = Math.floor((layerRoom(scene) - 2) / LETTER);
  const key = `${letters}|${scene.t("locale")}`;
  let found = cut.get(layers);
  if (found?.key !== key) {
    found = {
      key,
      names: shortNames(
        layers.map((layer) => onAxis(scene, layer)),
        letters,
      ),
    };
    cut.set(layers, found);
  }
  const text = escapeText(found.names[layers.indexOf(name)] ?? onAxis(scene, name));
  return name === scene.selection.layer ? `<b>${text}</b>` : text;
};

/**
 * What decides how every figure is laid out.
 * @param {Scene} scene
 */
export const commonKey = (scene) =>
  [scene.run.id, scene.theme.name, scene.narrow, scene.t("locale"), scene.header.networks.length].join("|");
