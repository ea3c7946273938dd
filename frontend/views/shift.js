/** The shift map: drift by layer and step, one panel a network, one colour scale for all. */

import { glow, wordsOf } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { axisId, commonKey } from "./common.js";
import { driftKind, driftShown, driftText } from "./drift.js";
import { driftControls } from "./drift-controls.js";
import { hiddenOf } from "./focus.js";
import { runAxisKey } from "./run-axis.js";
import { shiftFigure } from "./shift-figure.js";
import { driftsOf, isExceeded, quantityName, scaleTop, warped } from "./shift-scale.js";
import { told } from "./varied.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").View} View */
/** @typedef {import("./drift.js").Drift} Drift */

/**
 * The hidden layer of a network that has drifted most at the shown step, in words; another where none has.
 * @param {Scene} scene @param {number} i
 */
function mostNow(scene, i) {
  const info = scene.header.networks[i];
  const network = named(info.name, scene.t);
  const hidden = new Set(hiddenOf(info).map(({ name }) => name));
  const all = driftsOf(scene)
    [i].map((drift, row) => {
      const layer = scene.layoutIndex.layers[row];
      const stream = drift && scene.history.stream(drift.stream);
      const value = drift && stream?.count ? drift.at(stream.slotAt(scene.selection.step)) : NaN;
      return { layer, value: told(scene, info.name, layer, driftShown(scene), value) };
    })
    .filter(({ value }) => Number.isFinite(value))
    .sort((a, b) => b.value - a.value);
  const most = all.find(({ layer }) => hidden.has(layer)) ?? all.at(0);
  return most
    ? scene.t("shift.summary", {
        network,
        layer: named(most.layer, scene.t),
        drift: driftText(scene, driftShown(scene), most.value),
        quantity: quantityName(scene),
      })
    : network;
}

/** Every recorded drift. @param {Scene} scene */
function table(scene) {
  /** @type {(string | number)[][]} */
  const table = [["network", "layer", "step", quantityName(scene)]];
  for (const [i, rows] of driftsOf(scene).entries()) {
    for (const [row, drift] of rows.entries()) {
      if (!drift) continue;
      const { steps } = scene.history.stream(drift.stream);
      const names = [scene.header.networks[i].name, scene.layoutIndex.layers[row]];
      for (const slot of slotsOf(scene, drift)) table.push([...names, steps[slot], drift.at(slot)]);
    }
  }
  return table;
}

/** The slots of a drift's own values, in order of steps. @param {Scene} scene @param {Drift} drift */
function slotsOf(scene, drift) {
  const stream = scene.history.stream(drift.stream);
  for (const offset of drift.offsets) stream.column(offset);
  const slots = Array.from({ length: stream.count }, (_, position) => stream.order[position]);
  return slots.filter((slot) => drift.offsets.every((offset) => stream.has(slot, offset)));
}

/** How many frames a drift lacks. @param {Scene} scene @param {Drift} drift */
const lacks = (scene, drift) => scene.history.stream(drift.stream).count - slotsOf(scene, drift).length;

/** @type {View} */
export const shift = {
  id: "shift",
  size: "wide",
  choices: ["drift"],
  controls: (scene) => driftControls(scene, "drift"),
  streams: (scene) => [
    ...new Set(
      driftsOf(scene)
        .flat()
        .flatMap((drift) => (drift ? [drift.stream] : [])),
    ),
  ],
  // Drift on training batches has a chart of its own.
  available: (scene) =>
    driftKind(scene) !== "batch_drift" &&
    driftsOf(scene)
      .flat()
      .some((drift) => drift !== null),
  key: (scene) =>
    [
      commonKey(scene),
      scene.span,
      runAxisKey(scene),
      driftShown(scene),
      scaleTop(scene),
      isExceeded(scene, scaleTop(scene)),
      scene.selection.layer,
    ].join("|"),
  figure: shiftFigure,
  rasters(scene) {
    const words = wordsOf(glow(scene.theme.name));
    const top = scaleTop(scene);
    return driftsOf(scene).flatMap((rows, i) => {
      const first = rows.find((drift) => drift !== null);
      if (!first) return [];
      return [
        {
          stream: first.stream,
          axes: axisId("x", i) + axisId("y", i),
          paint(slot, out, y, ratio) {
            const height = out.length;
            for (let row = 0; row < rows.length; row++) {
              const value = rows[row]?.at(slot) ?? NaN;
              const color = Number.isFinite(value)
                ? words[Math.min(255, Math.max(0, Math.round((255 * warped(value)) / warped(top))))]
                : 0;
              const from = Math.round((y.slope * (row + 0.5) + y.intercept) * ratio);
              const to = Math.round((y.slope * (row - 0.5) + y.intercept) * ratio);
              out.fill(color, Math.max(0, from), Math.min(height, to));
            }
          },
        },
      ];
    });
  },
  summary: (scene) => scene.header.networks.map((_, i) => mostNow(scene, i)).join("; "),
  table,
  leftOut: (scene) =>
    Math.max(
      0,
      ...driftsOf(scene)
        .flat()
        .map((drift) => (drift ? lacks(scene, drift) : 0)),
    ),
  pick: (_scene, point) => ({ step: point.x, layer: point.data.meta[point.y] ?? null }),
};
