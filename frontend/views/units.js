/** Units that no longer pass gradient on: saturated (sigmoid, tanh), zero or dead (ReLU). */

import { layerLines, lineView } from "./lines.js";

export const units = lineView({
  id: "units",
  rows: [
    { title: "quantity.saturated_fraction", zero: true, share: true },
    { title: "quantity.zero_fraction", zero: true, share: true },
    { title: "quantity.dead_fraction", zero: true, share: true },
  ],
  lines: (scene) => [
    ...layerLines(scene, 0, "saturated_fraction", ["output"]),
    ...layerLines(scene, 1, "zero_fraction", ["output"]),
    ...layerLines(scene, 2, "dead_fraction", ["output"]),
  ],
});
