/** How far attention spreads: the entropy of its weights, of each head, as a share of the most that there can be. */

import { css, dashOf, shade } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { axisId, colorsOf } from "./common.js";
import { lineView } from "./lines.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").LegendItem} LegendItem */
/** @typedef {import("./line-figure.js").Line} Line */

const QUANTITY = "attention_entropy_share";
/** So many dashes tell heads apart; then they come again. */
const DASHES = 4;

/**
 * What is recorded of a network's attention, from input to output, and the shade of each.
 * @param {Scene} scene @param {string} network @param {number} column
 */
function attentions({ layoutIndex, theme, ...scene }, network, column) {
  const color = colorsOf({ ...scene, layoutIndex, theme })[column];
  return [...layoutIndex.byKey.values()]
    .filter((entry) => entry.quantity === QUANTITY && entry.network === network)
    .map((entry, depth, all) => ({ ...entry, rgb: shade(color, depth, all.length, theme.name) }));
}

/** @param {Scene} scene @returns {Line[]} */
function lines(scene) {
  const { header, selection, t } = scene;
  return header.networks.flatMap(({ name: network }, column) =>
    attentions(scene, network, column).flatMap(({ stream, offset, size, layer, rgb }) => {
      const focused = layer.startsWith(`${selection.layer} · `);
      const drawn = {
        color: css(rgb, selection.layer === null || focused ? 1 : 0.5),
        width: focused ? 2.6 : 1.6,
        column,
        row: 0,
        axes: axisId("x", column) + axisId("y", 0),
      };
      return Array.from({ length: size }, (_, head) => {
        const name = size === 1 ? layer : t("attention.head", { name: layer, number: head + 1 });
        return { ...drawn, stream, offset: offset + head, quantity: QUANTITY, name, network, dash: dashOf(head) };
      });
    }),
  );
}

/** Attentions by their shades, heads by their dashes. @param {Scene} scene @returns {LegendItem[]} */
function legend(scene) {
  const { header, t, theme } = scene;
  /** @type {Map<string, string[]>} */
  const shades = new Map();
  let most = 0;
  header.networks.forEach(({ name: network }, column) => {
    for (const { layer, size, rgb } of attentions(scene, network, column)) {
      shades.set(layer, [...(shades.get(layer) ?? []), css(rgb)]);
      most = Math.max(most, size);
    }
  });
  const heads = Array.from({ length: Math.min(most, DASHES) }, (_, dash) => {
    const numbers = Array.from({ length: most }, (__, head) => head).filter((head) => head % DASHES === dash);
    return {
      text: t("attention.heads", { numbers: numbers.map((head) => head + 1).join(", ") }),
      colors: [theme.ink],
      pattern: dashOf(dash),
    };
  });
  return [
    ...[...shades].map(([layer, colors]) => ({ text: named(layer, t), colors, width: 4 })),
    ...(most > 1 ? heads : []),
  ];
}

export const attention = lineView({
  id: "attention",
  rows: [{ title: `quantity.${QUANTITY}`, share: true }],
  lines,
  legend,
});
