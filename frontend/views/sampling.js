/** Difference of two batches at the same weights: what some call shift, and is noise. */

import { INPUT_SITES } from "./focus.js";
import { layerLines, lineView, withMeans } from "./lines.js";

export const sampling = lineView({
  id: "sampling",
  rows: [{ title: "quantity.wasserstein_over_sigma", zero: true }],
  lines: (scene) => withMeans(scene, layerLines(scene, 0, "wasserstein_over_sigma", INPUT_SITES)),
});
