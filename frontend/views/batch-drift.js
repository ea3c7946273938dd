/**
 * Drift on training batches: how far each layer's values on a training batch are from those on the first one. They
 * differ by what was learned and by what any two batches differ by; of the latter, a dotted line shows the size.
 */

import { axisId } from "./common.js";
import { driftChosen, driftName, isInSigmas } from "./drift.js";
import { driftControls } from "./drift-controls.js";
import { INPUT_SITES } from "./focus.js";
import { depthLegend } from "./line-legend.js";
import { layerLines, lineView } from "./lines.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("./line-figure.js").Line} Line */

const FLOOR = "batch_noise_floor";
const DOTS = [2, 3];
const FLOOR_WIDTH = 1.4;

/** What is drawn. @param {Scene} scene */
const shown = (scene) => driftChosen(scene, "batch_drift") ?? "";

/**
 * A short title in the plot: the measure alone; the card's own title and the choice say the rest.
 * @param {Scene} scene
 */
function title(scene) {
  const [, measure] = /^batch_(\w+)_from_(?:start|previous)$/.exec(shown(scene)) ?? [];
  return measure ? `measure.${measure}` : `quantity.${shown(scene)}`;
}

/** Each layer's drift, named in full where it is pointed at. @param {Scene} scene @returns {Line[]} */
const drifts = (scene) =>
  layerLines(scene, 0, shown(scene), INPUT_SITES).map((line) => ({ ...line, what: driftName(scene, shown(scene)) }));

/**
 * What two batches of one distribution differ by, where that is in the same unit.
 * @param {Scene} scene @returns {Line[]}
 */
function floors(scene) {
  if (!isInSigmas(scene, shown(scene))) return [];
  return scene.header.networks.flatMap((network, column) => {
    const entry = scene.layoutIndex.find(FLOOR, { network: network.name });
    if (entry?.size !== 1) return [];
    return [
      {
        stream: entry.stream,
        offset: entry.offset,
        axes: axisId("x", column) + axisId("y", 0),
        column,
        row: 0,
        quantity: FLOOR,
        network: network.name,
        name: scene.t("drift.floor"),
        what: scene.t("drift.floor.unit"),
        color: scene.theme.ink,
        width: FLOOR_WIDTH,
        dash: DOTS,
      },
    ];
  });
}

export const batchDrift = lineView({
  id: "batch_drift",
  size: "wide",
  // Layers differ by orders of magnitude, and the noise is at the small end.
  rows: (scene) => [{ title: title(scene), log: true }],
  choices: ["batch_drift"],
  controls: (scene) => driftControls(scene, "batch_drift"),
  key: shown,
  lines: (scene) => [...drifts(scene), ...floors(scene)],
  legend: (scene) => [
    ...depthLegend(scene),
    ...(floors(scene).length
      ? [
          {
            text: scene.t("legend.floor"),
            colors: [scene.theme.ink],
            dash: /** @type {const} */ ("dot"),
          },
        ]
      : []),
  ],
});
