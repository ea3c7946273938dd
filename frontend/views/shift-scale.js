/** What the shift map shows, and the colours that it shows it in. */

import { niceAbove, quantile, spread } from "../app/numbers.js";
import { driftName, driftOf, driftShown } from "./drift.js";
import { hiddenOf } from "./focus.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("./drift.js").Drift} Drift */

const SAMPLES = 40;
/** Nearly all cells lie within the scale, which is never finer than this. */
const SHARE_WITHIN = 0.985;
const LOWEST_TOP = 0.05;
const TICKS = [0, 0.1, 0.3, 1, 3, 10, 30, 100, 300];
const MOST_TICKS = 6;

/**
 * Colours go by the logarithm above about 1 / 5, so that a mild shift is seen beside a wild one.
 * @param {number} drift
 */
export const warped = (drift) => Math.log10(1 + 5 * Math.max(0, drift));

/** What is shown, in the page's words. @param {Scene} scene */
export const quantityName = (scene) => driftName(scene, driftShown(scene));

/**
 * Drifts by network and layer; null where a network lacks the layer.
 * @param {Scene} scene
 * @returns {(Drift | null)[][]}
 */
export const driftsOf = (scene) =>
  scene.header.networks.map((network) => scene.layoutIndex.layers.map((layer) => driftOf(scene, network.name, layer)));

/**
 * Upper end of the colour scale: nearly all cells of hidden layers so far lie below. One wild cell, or an output,
 * which moves farther than all others, does not pale the rest.
 * @param {Scene} scene
 */
export function scaleTop(scene) {
  const values = scene.header.networks
    .flatMap((network) => hiddenOf(network).map(({ name }) => driftOf(scene, network.name, name)))
    .flatMap((drift) => (drift ? sampleOf(scene, drift) : []))
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  return values.length ? niceAbove(Math.max(quantile(values, SHARE_WITHIN), LOWEST_TOP)) : 1;
}

/** @param {Scene} scene @param {Drift} drift */
function sampleOf(scene, drift) {
  const stream = scene.history.stream(drift.stream);
  return spread(stream.count, SAMPLES).map((position) => drift.at(stream.order[position]));
}

/** Values named on the colour scale: some up to a few hundred, else powers of ten. @param {number} top */
function ticksOf(top) {
  const decades = Math.floor(Math.log10(top));
  if (decades < 3)
    return TICKS.filter((tick) => tick <= top).filter((_, i, all) => i % Math.ceil(all.length / MOST_TICKS) === 0);
  const every = Math.ceil(decades / (MOST_TICKS - 1));
  return [0, ...Array.from({ length: Math.floor(decades / every) }, (_, i) => 10 ** ((i + 1) * every))];
}

/** Whether some layer, an output as a rule, lies beyond the scale. @param {Scene} scene @param {number} top */
export const isExceeded = (scene, top) =>
  driftsOf(scene)
    .flat()
    .some((drift) => drift !== null && sampleOf(scene, drift).some((value) => value > top));

/** @param {number} tick */
const tickText = (tick) => (tick >= 1000 ? `1e${Math.round(Math.log10(tick))}` : String(tick));

/** Values on the scale this near to its end, as a share of it, make room for the end's own. */
const NEAR_END = 0.08;

/**
 * Where the scale's ticks stand, and what they are called; its end is one of them.
 * @param {number} top @param {boolean} exceeded whether some values lie beyond
 */
export function scaleTicks(top, exceeded) {
  const ticks = ticksOf(top).filter((tick) => warped(tick) < (1 - NEAR_END) * warped(top));
  return {
    tickvals: [...ticks, top].map(warped),
    ticktext: [...ticks.map(tickText), `${exceeded ? "≥ " : ""}${tickText(top)}`],
  };
}
