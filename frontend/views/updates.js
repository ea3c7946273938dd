/** Size of one update over the size of the weights. */

import { GUIDE_COLOR } from "./line-figure.js";
import { depthLegend } from "./line-legend.js";
import { layerLines, lineView, withMeans } from "./lines.js";

/** What is common, as a rule of thumb. */
const USUAL = { at: 1e-3, from: 3e-4, to: 3e-3 };

export const updates = lineView({
  id: "updates",
  rows: [{ title: "quantity.update_ratio", log: true, bounds: [1e-10, Infinity], guide: USUAL }],
  lines: (scene) => withMeans(scene, layerLines(scene, 0, "update_ratio", ["weight"])),
  legend: (scene) => [
    ...depthLegend(scene),
    { text: scene.t("updates.usual"), colors: [GUIDE_COLOR], width: 9, dash: "field" },
  ],
});
