/** Covariate shift as the gradient feels it (Santurkar et al. 2018). */

import { layerLines, lineView, withMeans } from "./lines.js";

export const gradientShift = lineView({
  id: "gradient_shift",
  size: "wide",
  rows: [
    { title: "gradient_shift.l2", log: true },
    { title: "gradient_shift.cosine", bounds: [-1, 1] },
  ],
  lines: (scene) =>
    withMeans(scene, [...layerLines(scene, 0, "l2", ["weight"]), ...layerLines(scene, 1, "cosine", ["weight"])]),
});
