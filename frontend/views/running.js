/** Running against batch statistics: what evaluation will use beside what this batch has, channel by channel. */

import { css } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { brief } from "../app/numbers.js";
import { colorsOf, commonKey } from "./common.js";
import { focusLayer } from "./focus.js";
import { runningFigure } from "./running-figure.js";
import { columnsOf, linesOf, ROWS, values } from "./running-lines.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").View} View */

/**
 * How far running and batch means are apart, as recorded, on average over the channels.
 * @param {Scene} scene
 * @param {string} network
 */
function gap(scene, network) {
  const entry = scene.layoutIndex.find("running_gap", { network, layer: focusLayer(scene) });
  if (!entry) return NaN;
  const { y } = values(scene, entry);
  return y.reduce((sum, value) => sum + Math.abs(value), 0) / y.length;
}

/** @type {View} */
export const running = {
  id: "running",
  legend: (scene) => [
    {
      text: scene.t("statistics.batch"),
      colors: columnsOf(scene).map(({ index }) => css(colorsOf(scene)[index])),
      width: 3,
    },
    { text: scene.t("statistics.running"), colors: [scene.theme.ink], width: 1.2 },
  ],
  fits: true,
  streams: (scene) => [...new Set(linesOf(scene).map(({ entry }) => entry.stream))],
  available: (scene) => linesOf(scene).some(({ kind }) => kind === "running"),
  key: (scene) => [commonKey(scene), focusLayer(scene)].join("|"),
  figure: runningFigure,
  shapes: (scene) => linesOf(scene).map(({ entry }, trace) => ({ trace, ...values(scene, entry) })),
  summary: (scene) =>
    columnsOf(scene)
      .map(({ network }) =>
        scene.t("running.summary", {
          network: named(network.name, scene.t),
          layer: named(focusLayer(scene), scene.t),
          gap: brief(gap(scene, network.name)),
        }),
      )
      .join("; "),
  table: (scene) => [
    ["network", "statistic", "channel", "value"],
    ...linesOf(scene).flatMap(({ entry, kind, row }) =>
      [...values(scene, entry).y].map((value, channel) => [entry.network, `${kind}_${ROWS[row]}`, channel, value]),
    ),
  ],
  pick: (_scene, point) => ({ unit: point.x }),
};
