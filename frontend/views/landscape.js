/** How rough the loss is along the gradient (Santurkar et al. 2018, figure 4). */

import { css, dashOf } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { brief } from "../app/numbers.js";
import { axisId, colorsOf } from "./common.js";
import { valueShown } from "./focus.js";
import { lineView, networkLegend } from "./lines.js";

/** @typedef {import("../types").Scene} Scene */

const QUANTITIES = ["landscape_variation", "gradient_predictiveness", "effective_smoothness"];
/** Of a list of numbers along the gradient, the one that is drawn: at one learning rate. */
const COORDINATE = 1;

/**
 * One line a network.
 * @param {Scene} scene
 * @param {string} quantity
 * @param {number} row
 */
function networkLines(scene, quantity, row) {
  const colors = colorsOf(scene);
  return scene.header.networks.flatMap((network, index) => {
    const entry = scene.layoutIndex.find(quantity, { network: network.name });
    if (!entry) return [];
    return [
      {
        stream: entry.stream,
        offset: entry.offset + Math.max(0, entry.coordinates?.indexOf(COORDINATE) ?? 0),
        axes: `x${axisId("y", row)}`,
        column: 0,
        row,
        quantity,
        network: network.name,
        name: scene.t(`quantity.${quantity}`),
        color: css(colors[index]),
        width: 1.8,
        dash: dashOf(index),
      },
    ];
  });
}

/** How far the loss ranges along the gradient at the shown step, network by network. @param {Scene} scene */
function seen(scene) {
  const found = scene.header.networks.flatMap(({ name }) => {
    const entry = scene.layoutIndex.find(QUANTITIES[0], { network: name });
    const value = entry ? valueShown(scene, entry) : NaN;
    return Number.isFinite(value) ? [`${named(name, scene.t)} ${brief(value)}`] : [];
  });
  return found.length ? scene.t("landscape.seen", { found: found.join(", ") }) : scene.t("landscape.lower");
}

export const landscape = lineView({
  id: "landscape",
  rows: QUANTITIES.map((quantity) => ({ title: `landscape.${quantity}`, log: true })),
  lines: (scene) => QUANTITIES.flatMap((quantity, row) => networkLines(scene, quantity, row)),
  titles: () => [],
  legend: (scene) => [...networkLegend(scene), { text: seen(scene) }],
});
