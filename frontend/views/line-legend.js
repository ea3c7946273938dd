/** What the styles of lines over steps mean: layers, networks, running means, and where a line ends. */

import { css, dashOf, shade } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { colorsOf } from "./common.js";
import { meanName } from "./line-figure.js";
import { valueNow } from "./line-points.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("./line-figure.js").Line} Line */
/** @typedef {import("./line-figure.js").Row} Row */
/** @typedef {import("../types").LegendItem} LegendItem */

/** Lines from layer to layer, and the one in focus. @param {Scene} scene @returns {LegendItem[]} */
export function depthLegend(scene) {
  const { networks } = scene.header;
  const { layers } = scene.layoutIndex;
  const shades = colorsOf(scene).map((color, i) =>
    networks[i].layers.map((_, index, all) => css(shade(color, index, all.length, scene.theme.name))),
  );
  const first = named(layers[0] ?? "", scene.t);
  const last = named(layers.at(-1) ?? "", scene.t);
  const depth = layers.length > 1 ? scene.t("legend.depth", { first, last }) : first;
  return [
    ...shades.map((colors, i) => ({ text: i === networks.length - 1 ? depth : "", colors, width: 4 })),
    ...focusLegend(scene, shades),
  ];
}

/**
 * The layer in focus, whose lines are bold.
 * @param {Scene} scene @param {string[][]} shades by network and layer @returns {LegendItem[]}
 */
function focusLegend({ header, selection, t }, shades) {
  if (selection.layer === null) return [];
  const found = header.networks.flatMap(({ layers }, i) => {
    const at = layers.findIndex(({ name }) => name === selection.layer);
    return at < 0 ? [] : [shades[i][at]];
  });
  return found.length ? [{ text: named(selection.layer, t), colors: found, width: 3 }] : [];
}

/** Lines of whole networks. @param {Scene} scene @returns {LegendItem[]} */
export const networkLegend = (scene) =>
  colorsOf(scene).map((color, i) => ({
    text: named(scene.header.networks[i].name, scene.t),
    colors: [css(color)],
    pattern: dashOf(i),
  }));

/** Values and their running mean. @param {Scene} scene @param {number} over @returns {LegendItem[]} */
export const meanLegend = (scene, over) => [
  { text: scene.t("legend.recorded"), colors: [scene.theme.faint], width: 1 },
  { text: meanName(scene, over), colors: [scene.theme.ink] },
];

/**
 * A line that is at 0 now ends on a log axis, where 0 has no place.
 * @param {Scene} scene @param {{lines: Line[], rows: Row[]}} drawn @returns {LegendItem[]}
 */
export const zeroLegend = (scene, { lines, rows }) =>
  lines.some((line) => rows[line.row].log && valueNow(scene, line) === 0) ? [{ text: scene.t("legend.zero") }] : [];
