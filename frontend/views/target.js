/** The moving target: what a layer is given of the same samples, a cloud that drifts while the layers below learn. */

import { css } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { brief } from "../app/numbers.js";
import { colorsOf, commonKey } from "./common.js";
import { actsLater, canIntervene, frozenBelow, targetControls } from "./target-controls.js";
import { targetFigure } from "./target-figure.js";
import { targetLayer, targetLayers, targetsOf, unitsChosen } from "./target-plane.js";
import { drawnScales, LAYERS, movingShapes, numbersOf } from "./target-points.js";

/** @typedef {import("../types").Scene} Scene */

/** What each panel says in its corner: three lines. @param {Scene} scene */
const captions = (scene) =>
  targetsOf(scene).map((target) => {
    const { distance, spread } = numbersOf(scene, target);
    const frozen = frozenBelow(scene, target.name);
    if (!Number.isFinite(distance)) return [scene.t("target.unmeasured"), "", frozenText(scene, frozen)];
    return [
      scene.t("target.distance", { distance: brief(distance) }),
      scene.t("target.spread", { spread: brief(spread) }),
      frozenText(scene, frozen),
    ];
  });

/** What the insets are, where there are any. @param {Scene} scene @returns {import("../types").LegendItem[]} */
function insetKey(scene) {
  const { far } = drawnScales(scene);
  return far === null ? [] : [{ text: scene.t("target.inset", { far: brief(far) }) }];
}

/** @param {Scene} scene @param {string | null} layer below which the network stands still */
const frozenText = (scene, layer) => (layer ? scene.t("target.frozen", { layer: named(layer, scene.t) }) : "");

/** What the file has of a target, besides network, layer and step: names and columns. @param {boolean} units */
const columnNames = (units) =>
  units
    ? ["input_units", "input_unit_mean", "input_unit_std"].flatMap((name) => [`${name}_1`, `${name}_2`])
    : ["input_centroid_1", "input_centroid_2", "input_spread"];

/** @param {Scene} scene */
function table(scene) {
  const targets = targetsOf(scene);
  return [
    ["network", "layer", "step", ...columnNames(targets.some(({ units }) => units))],
    ...targets.flatMap(({ name, stream: number, middle, spread, units }) => {
      const stream = scene.history.stream(number);
      const columns = [...(units ?? []), ...middle, ...spread].map((offset) => stream.column(offset));
      return Array.from({ length: stream.count }, (_, position) => stream.order[position]).map((slot) => [
        name,
        targetLayer(scene),
        stream.steps[slot],
        ...columns.map((column) => column[slot]),
      ]);
    }),
  ];
}

/** @type {import("../types").View} */
export const target = {
  id: "target",
  size: "deep",
  choices: ["target-scale", "target-plane"],
  controls: targetControls,
  legend: (scene) => {
    const colors = targetsOf(scene).map(({ index }) => colorsOf(scene)[index]);
    const field = /** @type {const} */ ({ width: 8, dash: "field" });
    return [
      { text: scene.t("target.start"), colors: [scene.theme.reference], ...field },
      { text: scene.t("target.ghosts"), colors: colors.map((color) => css(color, 0.3)), ...field },
      { text: scene.t("target.now"), colors: colors.map((color) => css(color)), ...field },
      { text: scene.t("target.way"), colors: [scene.theme.ink], width: 1.6 },
      ...insetKey(scene),
      ...(canIntervene(scene) ? [{ text: scene.t(actsLater(scene) ? "target.acts_now" : "target.try") }] : []),
      ...(canIntervene(scene) && scene.run.trial ? [{ text: scene.t("changes.trial") }] : []),
      ...(scene.run.source === "worker" && !canIntervene(scene) ? [{ text: scene.t("target.while_training") }] : []),
    ];
  },
  fits: true,
  streams: (scene) => [...new Set(targetsOf(scene).map(({ stream }) => stream))],
  available: (scene) => targetLayers(scene).length > 0,
  key: (scene) => {
    const { near, far } = drawnScales(scene);
    return [commonKey(scene), targetLayer(scene), unitsChosen(scene), ...near, far].join("|");
  },
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
