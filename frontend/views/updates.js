/** Size of one update over the size of the weights. */

import { layerLines, lineView, withMeans } from "./lines.js";

export const updates = lineView({
  id: "updates",
  rows: [{ title: "quantity.update_ratio", log: true, bounds: [1e-10, Infinity] }],
  lines: (scene) => withMeans(scene, layerLines(scene, 0, "update_ratio", ["weight"])),
});
