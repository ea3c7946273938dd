/** What runs on one pair of axes are compared by: a quantity that they have, or a number that their scripts log. */

import { ownChoice } from "./controls.js";
import { quantitiesOf } from "./sweep.js";

/** @typedef {import("../types").TrialScene} TrialScene */
/** @typedef {import("../types").Panel} Panel */

export const QUANTITY = "overlay-quantity";

/** @param {Panel} panel */
const curvesOf = ({ readings }) => readings.flatMap(({ curves }) => curves);

/**
 * Whatever any of the runs has a value of: first what most of them have, and of that the most telling.
 * @param {Panel[]} panels
 * @returns {string[]}
 */
export function comparable(panels) {
  const curves = panels.flatMap(curvesOf);
  const names = curves
    .filter(({ logged, values }) => logged && values.some(Number.isFinite))
    .map((one) => one.quantity);
  const all = [...new Set([...quantitiesOf(panels), ...names.sort()])];
  const having = (/** @type {string} */ quantity) =>
    panels.filter((panel) => curvesOf(panel).some((curve) => curve.quantity === quantity)).length;
  const counts = new Map(all.map((quantity) => [quantity, having(quantity)]));
  return all.sort((one, other) => (counts.get(other) ?? 0) - (counts.get(one) ?? 0));
}

/** A script's own name stands as it is. @param {TrialScene} scene @param {string} quantity */
export const quantityText = ({ panels, t }, quantity) =>
  quantitiesOf(panels).includes(quantity) ? t(`quantity.${quantity}`) : quantity;

/** @param {TrialScene} scene */
export const quantityChoice = (scene) =>
  ownChoice(
    scene,
    QUANTITY,
    scene.t("sweep.quantity"),
    comparable(scene.panels).map((value) => ({ value, text: quantityText(scene, value) })),
  );

/** The chosen one; empty where no run has any. @param {TrialScene} scene */
export const quantityOf = (scene) => quantityChoice(scene).value;

/** Whether it is a fraction: a script may log an accuracy in percent. @param {TrialScene} scene */
export function isShare(scene) {
  const { panels } = scene;
  const quantity = quantityOf(scene);
  if (!quantity.endsWith("accuracy") || !quantitiesOf(panels).includes(quantity)) return false;
  const shown = panels.flatMap(curvesOf).filter((curve) => curve.quantity === quantity);
  return !shown.some(({ logged, values }) => logged && values.some((value) => value > 1));
}
