/**
 * What some call shift and is noise, the difference of two batches at the same weights, below the drift that training
 * made, on one scale.
 */

import { INPUT_SITES } from "./focus.js";
import { layerLines, lineView, withMeans } from "./lines.js";

const ROW = { log: true, bounds: /** @type {[number, number]} */ ([1e-3, Infinity]), scale: "distance" };

export const sampling = lineView({
  id: "sampling",
  rows: [
    { title: "sampling.drift", ...ROW },
    { title: "sampling.batches", ...ROW },
  ],
  lines: (scene) => [
    ...layerLines(scene, 0, "wasserstein_over_sigma_from_start", INPUT_SITES),
    ...withMeans(scene, layerLines(scene, 1, "wasserstein_over_sigma", INPUT_SITES)),
  ],
  available: (scene) => layerLines(scene, 1, "wasserstein_over_sigma", INPUT_SITES).length > 0,
});
