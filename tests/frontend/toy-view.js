// A chart in one file, as somebody would write it: the tests show that the page needs to know no more of it.

import { css } from "../../frontend/app/colors.js";
import { colorsOf } from "../../frontend/views/common.js";
import { ownChoice } from "../../frontend/views/controls.js";
import { layerLines, lineView } from "../../frontend/views/lines.js";

/** The least and the greatest input to each nonlinearity. */
export const extremes = lineView({
  id: "extremes",
  size: "wide",
  rows: [{ title: "quantity.extremes" }],
  choices: ["end"],
  controls: (scene) => [
    ownChoice(scene, "end", "End", [
      { value: "minimum", text: "least" },
      { value: "maximum", text: "greatest" },
    ]),
  ],
  lines: (scene) => layerLines(scene, 0, scene.selection.choices.end ?? "minimum", ["pre_activation"]),
  legend: (scene) => [{ text: "every layer", colors: colorsOf(scene).map((rgb) => css(rgb)) }],
  badge: (scene) => (scene.selection.choices.end === "maximum" ? "the wrong end" : ""),
});
