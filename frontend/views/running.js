/** Running against batch statistics: what evaluation will use over what this batch has, channel by channel. */

import { css } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { brief } from "../app/numbers.js";
import { colorsOf, commonKey } from "./common.js";
import { focusLayer } from "./focus.js";
import { runningFigure } from "./running-figure.js";
import { networksOf, panelsOf, pointsOf, STATISTICS, values } from "./running-points.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").View} View */

/** How far running and batch means are apart, as recorded. @param {Scene} scene @param {string} network */
function gapsOf(scene, network) {
  const entry = scene.layoutIndex.find("running_gap", { network, layer: focusLayer(scene) });
  return entry ? [...values(scene, entry)].map(Math.abs) : [];
}

/** What the points say of a network. @param {Scene} scene @param {string} network */
function wordsOf(scene, network) {
  const gaps = gapsOf(scene, network);
  return scene.t("running.summary", {
    network: named(network, scene.t),
    layer: named(focusLayer(scene), scene.t),
    gap: brief(gaps.length ? gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length : NaN),
    most: brief(gaps.length ? Math.max(...gaps) : NaN),
    channel: gaps.length ? gaps.indexOf(Math.max(...gaps)) : "–",
  });
}

/** @type {View} */
export const running = {
  id: "running",
  legend: (scene) => [
    ...networksOf(scene).map(({ network, index }, _, all) => ({
      text: all.length > 1 ? named(network.name, scene.t) : scene.t("running.point"),
      colors: [css(colorsOf(scene)[index])],
      width: 8,
      dash: /** @type {const} */ ("field"),
    })),
    { text: scene.t("running.diagonal"), colors: [scene.theme.muted], width: 1.2 },
  ],
  fits: true,
  streams: (scene) => [...new Set(panelsOf(scene).map(({ batch }) => batch.stream))],
  available: (scene) => panelsOf(scene).length > 0,
  key: (scene) => [commonKey(scene), focusLayer(scene)].join("|"),
  figure: runningFigure,
  shapes: (scene) =>
    panelsOf(scene).map((panel, trace) => {
      const { x, y } = pointsOf(scene, panel);
      return { trace, x, y };
    }),
  summary: (scene) =>
    networksOf(scene)
      .map(({ network }) => wordsOf(scene, network.name))
      .join("; "),
  table: (scene) => [
    ["network", "statistic", "channel", "value"],
    ...panelsOf(scene).flatMap(({ batch, running: kept, column }) =>
      [
        { entry: batch, kind: "batch" },
        { entry: kept, kind: "running" },
      ].flatMap(({ entry, kind }) =>
        [...values(scene, entry)].map((value, channel) => [
          entry.network,
          `${kind}_${STATISTICS[column]}`,
          channel,
          value,
        ]),
      ),
    ),
  ],
  pick: (_scene, point) => ({ unit: point.customdata[0] }),
};
