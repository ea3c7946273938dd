/** The moving target: what a layer is given of the same samples, a cloud that drifts while the layers below learn. */

import { css } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { brief } from "../app/numbers.js";
import { colorsOf, commonKey } from "./common.js";
import { canIntervene, frozenBelow, targetControls } from "./target-controls.js";
import { targetFigure } from "./target-figure.js";
import {
  drawnScales,
  LAYERS,
  movingShapes,
  numbersOf,
  targetLayer,
  targetLayers,
  targetsOf,
} from "./target-points.js";

/** @typedef {import("../types").Scene} Scene */

/** What each panel says in its corner: three lines. @param {Scene} scene */
const captions = (scene) =>
  targetsOf(scene).map((target) => {
    const { distance, spread } = numbersOf(scene, target);
    const frozen = frozenBelow(scene, target.name);
    return [
      scene.t("target.distance", { distance: brief(distance) }),
      scene.t("target.spread", { spread: brief(spread) }),
      frozen ? scene.t("target.frozen", { layer: named(frozen, scene.t) }) : "",
    ];
  });

/** @param {Scene} scene */
const table = (scene) => [
  ["network", "layer", "step", "input_centroid_1", "input_centroid_2", "input_spread"],
  ...targetsOf(scene).flatMap(({ name, centroid, spread }) => {
    const stream = scene.history.stream(centroid.stream);
    const columns = [centroid.offset, centroid.offset + 1, spread.offset].map((offset) => stream.column(offset));
    return Array.from({ length: stream.count }, (_, position) => stream.order[position]).map((slot) => [
      name,
      targetLayer(scene),
      stream.steps[slot],
      ...columns.map((column) => column[slot]),
    ]);
  }),
];

/** @type {import("../types").View} */
export const target = {
  id: "target",
  size: "deep",
  choices: ["target-scale"],
  controls: targetControls,
  legend: (scene) => {
    const colors = targetsOf(scene).map(({ index }) => colorsOf(scene)[index]);
    const field = /** @type {const} */ ({ width: 8, dash: "field" });
    return [
      { text: scene.t("target.start"), colors: [scene.theme.reference], ...field },
      { text: scene.t("target.ghosts"), colors: colors.map((color) => css(color, 0.3)), ...field },
      { text: scene.t("target.now"), colors: colors.map((color) => css(color)), ...field },
      { text: scene.t("target.way"), colors: [scene.theme.ink], width: 1.6 },
      ...(scene.run.source === "worker" && !canIntervene(scene) ? [{ text: scene.t("target.while_training") }] : []),
    ];
  },
  fits: true,
  streams: (scene) => [...new Set(targetsOf(scene).map(({ cloud }) => cloud.stream))],
  available: (scene) => targetLayers(scene).length > 0,
  key: (scene) => [commonKey(scene), targetLayer(scene), ...drawnScales(scene)].join("|"),
  figure: (scene) => targetFigure(scene, captions(scene)),
  shapes: movingShapes,
  labels: (scene) =>
    captions(scene).map((texts, i) => ({ trace: targetsOf(scene).length * LAYERS.length + i, texts })),
  summary: (scene) =>
    targetsOf(scene)
      .map(({ name }, i) => {
        const where = `${named(name, scene.t)}, ${named(targetLayer(scene), scene.t)}`;
        return `${where}: ${captions(scene)[i].filter(Boolean).join(", ")}`;
      })
      .join("; "),
  table,
};
