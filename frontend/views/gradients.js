/** Norm of the gradient of all of a layer's parameters together. */

import { layerLines, lineView, withMeans } from "./lines.js";

export const gradients = lineView({
  id: "gradients",
  rows: [{ title: "quantity.gradient_norm", log: true }],
  lines: (scene) => withMeans(scene, layerLines(scene, 0, "gradient_norm")),
});
