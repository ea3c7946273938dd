/** How far attention spreads: the entropy of its weights, of each head, as a share of the most that there can be. */

import { css, shade } from "../app/colors.js";
import { axisId, colorsOf } from "./common.js";
import { lineView } from "./lines.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("./line-figure.js").Line} Line */

const QUANTITY = "attention_entropy_share";

/** @param {Scene} scene @returns {Line[]} */
function lines(scene) {
  const { layoutIndex, header, selection, theme, t } = scene;
  const colors = colorsOf(scene);
  return header.networks.flatMap(({ name: network }, column) => {
    const entries = [...layoutIndex.byKey.values()].filter(
      (entry) => entry.quantity === QUANTITY && entry.network === network,
    );
    return entries.flatMap(({ stream, offset, size, layer }, depth) => {
      const focused = layer.startsWith(`${selection.layer} · `);
      const rgb = shade(colors[column], depth, entries.length, theme.name);
      const drawn = {
        color: css(rgb, selection.layer === null || focused ? 1 : 0.5),
        width: focused ? 2.6 : 1.4,
        column,
        row: 0,
        axes: axisId("x", column) + axisId("y", 0),
      };
      return Array.from({ length: size }, (_, head) => {
        const name = size === 1 ? layer : t("attention.head", { name: layer, number: head + 1 });
        return { ...drawn, stream, offset: offset + head, quantity: QUANTITY, name, network };
      });
    });
  });
}

export const attention = lineView({
  id: "attention",
  rows: [{ title: `quantity.${QUANTITY}`, share: true }],
  lines,
});
