/** Units that no longer pass gradient on: saturated (sigmoid, tanh), zero or dead (ReLU). */

import { depthLegend } from "./line-legend.js";
import { layerLines, lineView } from "./lines.js";

/** @typedef {import("../types").Scene} Scene */

const QUANTITIES = ["saturated_fraction", "zero_fraction", "dead_fraction"];

/** @param {Scene} scene */
const lines = (scene) => QUANTITIES.flatMap((quantity, row) => layerLines(scene, row, quantity, ["output"]));

export const units = lineView({
  id: "units",
  rows: QUANTITIES.map((quantity) => ({ title: `quantity.${quantity}`, zero: true, share: true })),
  lines,
  // What each share is of, where it is shown.
  legend: (scene) => {
    const shown = new Set(lines(scene).map(({ quantity }) => quantity));
    return [
      ...depthLegend(scene),
      ...QUANTITIES.filter((quantity) => shown.has(quantity)).map((quantity) => ({
        text: scene.t(`units.${quantity}`),
      })),
    ];
  },
});
