/**
 * Depth by network: one column a network, one row a layer, its distribution now over the outline of the compared step.
 */

import { css } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { colorsOf, commonKey } from "./common.js";
import { compareField, ownSwitch } from "./controls.js";
import { followedLegend, followedStreams, sampleOf } from "./followed.js";
import { extent } from "./ridge-extent.js";
import { ridgeFigure } from "./ridge-figure.js";
import { hoverNumbers } from "./ridge-hover.js";
import { movingShapes } from "./ridge-motion.js";
import { farthest, movedByName, textsOf } from "./ridge-numbers.js";
import { comparedStep, inSigmas, ridgesOf, rowsOf } from "./ridge-shapes.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").View} View */

/** Every bin of every row, now and at the compared step. @param {Scene} scene */
function table(scene) {
  /** @type {(string | number)[][]} */
  const table = [
    [
      "network",
      "layer",
      "lower_edge",
      "upper_edge",
      "fraction_now",
      "fraction_compared",
      "lower_edge_compared",
      "upper_edge_compared",
    ],
  ];
  for (const ridge of ridgesOf(scene)) {
    const rows = rowsOf(scene, ridge);
    if (!rows) continue;
    const { now, compared: before } = rows;
    const edge = (/** @type {Float32Array} */ row, /** @type {number} */ bin) =>
      row[ridge.range.offset] + (bin * (row[ridge.range.offset + 1] - row[ridge.range.offset])) / ridge.histogram.size;
    for (let bin = 0; bin < ridge.histogram.size; bin++) {
      table.push([
        ridge.network,
        ridge.layer,
        edge(now, bin),
        edge(now, bin + 1),
        now[ridge.histogram.offset + bin],
        before[ridge.histogram.offset + bin],
        edge(before, bin),
        edge(before, bin + 1),
      ]);
    }
  }
  return table;
}

/** @type {View} */
export const ridges = {
  id: "ridges",
  size: "tall",
  choices: ["scale", "sample"],
  controls: (scene) => [
    ownSwitch(scene, "scale", scene.t("scale"), [
      { value: "sigma", text: scene.t("scale.sigma") },
      { value: "value", text: scene.t("scale.value") },
    ]),
    compareField(scene),
  ],
  legend: (scene) => [
    { text: scene.t("legend.now"), colors: colorsOf(scene).map((rgb) => css(rgb, 0.6)), width: 9, dash: "field" },
    { text: scene.t("legend.outline", { step: comparedStep(scene) }), colors: [scene.theme.reference], dash: "dot" },
    { text: scene.t("legend.number", { quantity: movedByName(scene) }) },
    ...followedLegend(scene),
  ],
  streams: (scene) => [...new Set([...ridgesOf(scene).map((ridge) => ridge.stream), ...followedStreams(scene)])],
  available: (scene) => ridgesOf(scene).length > 0,
  key(scene) {
    const stream = ridgesOf(scene)[0]?.stream;
    const history = stream === undefined ? null : scene.history.stream(stream);
    const compared = history ? history.seqs[Math.max(0, history.slotAt(scene.selection.compare))] : 0;
    return [
      commonKey(scene),
      scene.selection.layer,
      inSigmas(scene),
      scene.selection.compare,
      sampleOf(scene),
      scene.selection.unit,
      compared,
      history?.count ? 1 : 0,
      ...extent(scene),
    ].join("|");
  },
  figure: ridgeFigure,
  shapes: (scene) => movingShapes(scene),
  hovers: hoverNumbers,
  labels(scene) {
    const range = extent(scene);
    const all = ridgesOf(scene);
    return scene.header.networks.map((_, column) => {
      const texts = all.filter((ridge) => ridge.column === column).map((ridge) => textsOf(scene, ridge, range));
      return { trace: 2 * all.length + column, texts: [0, 1, 2].flatMap((which) => texts.map((text) => text[which])) };
    });
  },
  summary: (scene) =>
    scene.header.networks
      .map((network, column) => {
        const moved = farthest(scene, column);
        return moved
          ? scene.t("ridges.summary", {
              network: named(network.name, scene.t),
              layer: named(moved.layer, scene.t),
              drift: moved.text,
              quantity: movedByName(scene),
            })
          : named(network.name, scene.t);
      })
      .join("; "),
  table,
  pick: (_scene, point) => (point.data.meta ? { layer: point.data.meta } : null),
};
