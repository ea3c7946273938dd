/** Values of a layer's weights, or of the gradient by them, over the steps: how they are spread. */

import { css } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { brief } from "../app/numbers.js";
import { commonKey } from "./common.js";
import { layerChoice, ownSwitch } from "./controls.js";
import { fieldRasters } from "./density.js";
import { densityFigure } from "./density-figure.js";
import { scaleOf, valueRange } from "./density-panels.js";
import { focusLayer } from "./focus.js";
import { leftOut, points, valueNow } from "./line-points.js";
import { runAxisKey } from "./run-axis.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").View} View */

/** The choice of what is shown, which stands in the link, and what there is to choose. */
const CHOICE = "of_parameters";
const SHOWN = ["parameter_histogram", "gradient_histogram"];

/** @param {Scene} scene */
const shownQuantity = (scene) => SHOWN.find((name) => name === scene.selection.choices[CHOICE]) ?? SHOWN[0];

/** The first parameter of the layer in focus, of each network that has it. @param {Scene} scene */
function panels(scene) {
  const quantity = shownQuantity(scene);
  const layer = focusLayer(scene);
  const entries = scene.layoutIndex.entries("parameters").filter((entry) => entry.layer === layer);
  return scene.header.networks.flatMap(({ name }, index) => {
    const histogram = entries.find((entry) => entry.network === name && entry.quantity === quantity);
    const at = { network: name, layer, site: histogram?.site };
    const range = scene.layoutIndex.find(`${quantity}_range`, at);
    if (histogram?.shape.length !== 1 || range?.size !== 2 || range.stream !== histogram.stream) return [];
    const distribution = { network: name, layer, index, stream: histogram.stream, histogram, range };
    return [{ distribution, index }];
  });
}

/** The smallest and the largest value of each panel, as lines. @param {Scene} scene */
const edges = (scene) =>
  panels(scene).flatMap(({ distribution: { network, stream, histogram, range } }) =>
    ["minimum", "maximum"].map((name, end) => {
      const offset = range.offset + end;
      return { stream, offset, axes: "xy", color: "", width: 1, name, network, site: histogram.site };
    }),
  );

/** @type {View} */
export const parameters = {
  id: "parameters",
  size: "wide",
  choices: [CHOICE],
  controls: (scene) => [
    layerChoice(scene),
    ownSwitch(
      scene,
      CHOICE,
      scene.t("parameters.shown"),
      SHOWN.map((value) => ({ value, text: scene.t(`quantity.${value}`) })),
    ),
  ],
  legend: (scene) => [
    { text: scene.t("legend.density"), colors: scaleOf(scene, 0).map((rgb) => css(rgb)), width: 9, dash: "field" },
  ],
  streams: (scene) => [...new Set(panels(scene).map(({ distribution }) => distribution.stream))],
  available: (scene) => panels(scene).length > 0,
  key: (scene) =>
    [
      commonKey(scene),
      scene.span,
      runAxisKey(scene),
      focusLayer(scene),
      shownQuantity(scene),
      ...valueRange(scene, panels(scene)),
    ].join("|"),
  figure: (scene, settled = true) => densityFigure(scene, settled, panels(scene)),
  rasters: (scene) => fieldRasters(scene, panels(scene)),
  summary(scene) {
    const lines = edges(scene);
    return panels(scene)
      .map(({ distribution: { network, layer, histogram } }, i) => {
        const [low, high] = lines.slice(2 * i, 2 * i + 2).map((line) => brief(valueNow(scene, line) ?? NaN));
        const names = { network: named(network, scene.t), layer: named(layer, scene.t) };
        return scene.t("parameters.summary", { ...names, parameter: histogram.site, low, high });
      })
      .join("; ");
  },
  table(scene) {
    /** @type {(string | number)[][]} */
    const table = [["network", "layer", "parameter", "quantity", "end", "step", "value"]];
    const [layer, quantity] = [focusLayer(scene), shownQuantity(scene)];
    for (const line of edges(scene)) {
      const { steps, values } = points(scene, line);
      for (const [at, step] of steps.entries()) {
        table.push([line.network, layer, line.site, quantity, line.name, step, values[at]]);
      }
    }
    return table;
  },
  leftOut: (scene) => Math.max(0, ...edges(scene).map((line) => leftOut(scene, line))),
  pick: (_scene, point) => ({ step: point.x }),
};
