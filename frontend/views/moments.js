/** Mean and standard deviation of the input to the nonlinearity, layer by layer. */

import { INPUT_SITES } from "./focus.js";
import { layerLines, lineView } from "./lines.js";

export const moments = lineView({
  id: "moments",
  rows: [
    { title: "quantity.mean", own: true },
    { title: "quantity.std", zero: true, own: true },
  ],
  lines: (scene) => [...layerLines(scene, 0, "mean", INPUT_SITES), ...layerLines(scene, 1, "std", INPUT_SITES)],
});
