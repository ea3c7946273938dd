/** The norm of the whole gradient: as the backward pass left it, and as the optimizer used it. */

import { css } from "../app/colors.js";
import { axisId, colorsOf } from "./common.js";
import { lineView } from "./lines.js";

/** @typedef {import("../types").Scene} Scene */

/** What the backward pass left stands pale behind what was used. */
const LINES = [
  { quantity: "unclipped_gradient_norm", alpha: 0.4, width: 2.6 },
  { quantity: "total_gradient_norm", alpha: 1, width: 1.4 },
];

/** @param {Scene} scene */
function lines(scene) {
  const colors = colorsOf(scene);
  return scene.header.networks.flatMap(({ name: network }, column) =>
    LINES.flatMap(({ quantity, alpha, width }) => {
      const entry = scene.layoutIndex.find(quantity, { network });
      if (entry?.size !== 1) return [];
      const name = scene.t(`quantity.${quantity}`);
      const drawn = {
        color: css(colors[column], alpha),
        width,
        column,
        row: 0,
        axes: axisId("x", column) + axisId("y", 0),
      };
      return [{ stream: entry.stream, offset: entry.offset, quantity, name, what: name, network, ...drawn }];
    }),
  );
}

export const clipping = lineView({
  id: "clipping",
  rows: [{ title: "quantity.gradient_norm", log: true, bounds: [1e-12, 1e12] }],
  lines,
  legend: (scene) =>
    LINES.map(({ quantity, alpha, width }) => ({
      text: scene.t(`quantity.${quantity}`),
      colors: colorsOf(scene).map((color) => css(color, alpha)),
      width,
    })),
});
