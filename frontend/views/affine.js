/** What batch norm learned: gamma and beta of every channel of the layer in focus. */

import { css } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { axisId, colorsOf } from "./common.js";
import { focusLayer } from "./focus.js";
import { lineView } from "./lines.js";

/** @typedef {import("../types").Scene} Scene */

const MOST_CHANNELS = 128;

/**
 * Where a learned vector of the layer in focus stands.
 * @param {Scene} scene
 * @param {string} network
 * @param {string} quantity
 */
const entryOf = (scene, network, quantity) =>
  scene.layoutIndex.first([quantity], { network, layer: focusLayer(scene) }, ["", quantity]);

/**
 * One line a channel of the layer in focus, in each network that has the quantity.
 * @param {Scene} scene
 * @param {string} quantity
 * @param {number} row
 */
function channelLines(scene, quantity, row) {
  const colors = colorsOf(scene);
  const { unit } = scene.selection;
  let column = -1;
  return scene.header.networks.flatMap((network, index) => {
    const entry = entryOf(scene, network.name, quantity);
    if (!entry) return [];
    column++;
    return Array.from({ length: Math.min(entry.size, MOST_CHANNELS) }, (_, channel) => ({
      stream: entry.stream,
      offset: entry.offset + channel,
      axes: axisId("x", column) + axisId("y", row),
      column,
      row,
      many: true,
      quantity,
      network: network.name,
      name: `${scene.t(`quantity.${quantity}`)}[${channel}]`,
      width: unit === channel ? 2.6 : 0.9,
      color: css(colors[index], unit === null ? 0.55 : unit === channel ? 1 : 0.2),
    }));
  });
}

export const affine = lineView({
  id: "affine",
  rows: [{ title: "quantity.gamma" }, { title: "quantity.beta" }],
  lines: (scene) => [...channelLines(scene, "gamma", 0), ...channelLines(scene, "beta", 1)],
  titles: (scene) =>
    scene.header.networks
      .filter(({ name }) => entryOf(scene, name, "gamma") !== undefined)
      .map(({ name }) => ({
        network: name,
        text: `${named(name, scene.t)} · ${named(focusLayer(scene), scene.t)}`,
      })),
  legend: () => [],
  key: (scene) => `${focusLayer(scene)}|${scene.selection.unit}`,
});
