/** On which plane a layer's inputs are shown: that of the directions in which they varied most, or of two of them. */

import { ownChoice } from "./controls.js";
import { focusLayer } from "./focus.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").Entry} Entry */
/**
 * @typedef {object} Target what is recorded of one network on the plane; offsets are those of the stream's rows
 * @property {string} name of the network
 * @property {number} index of the network
 * @property {number} stream
 * @property {number} count of points
 * @property {[number, number]} first place of the first point
 * @property {number} stride floats between two points
 * @property {[number, number]} middle of all points
 * @property {number[]} spread of all points: one for both directions, or one for each
 * @property {[number, number] | null} units where it stands which inputs these are; null where it is not inputs
 */

const UNIT_QUANTITIES = ["input_units", "input_unit_values", "input_unit_mean", "input_unit_std"];
const DIRECTION_QUANTITIES = ["input_cloud", "input_centroid", "input_spread"];

/** The layers whose inputs are recorded, in order. @param {Scene} scene */
export const targetLayers = ({ layoutIndex, header }) =>
  layoutIndex.layers.filter((layer) =>
    header.networks.some(({ name }) => layoutIndex.find("input_cloud", { network: name, layer })),
  );

/** The layer whose inputs are shown: that in focus, or the next above it. @param {Scene} scene */
export function targetLayer(scene) {
  const [all, known] = [scene.layoutIndex.layers, targetLayers(scene)];
  const focus = all.indexOf(focusLayer(scene));
  return known.find((layer) => all.indexOf(layer) >= focus) ?? known.at(-1) ?? "";
}

/**
 * Entries of the layer shown; null where one lacks.
 * @param {Scene} scene @param {string} network @param {string[]} quantities
 */
function entriesOf(scene, network, quantities) {
  const where = { network, layer: targetLayer(scene) };
  const found = quantities.flatMap((quantity) => scene.layoutIndex.find(quantity, where) ?? []);
  return found.length === quantities.length ? found : null;
}

/** Which two of the recorded inputs are the axes; null where they are directions. @param {Scene} scene */
export function unitsChosen({ selection }) {
  const found = /^(\d),(\d)$/.exec(selection.choices["target-plane"] ?? "");
  return found ? /** @type {[number, number]} */ ([Number(found[1]), Number(found[2])]) : null;
}

/** @param {Entry[]} entries of the directions' quantities @returns {Omit<Target, "name" | "index">} */
const onDirections = ([cloud, centroid, spread]) => ({
  stream: cloud.stream,
  count: cloud.size / 2,
  first: /** @type {[number, number]} */ ([cloud.offset, cloud.offset + 1]),
  stride: 2,
  middle: /** @type {[number, number]} */ ([centroid.offset, centroid.offset + 1]),
  spread: [spread.offset],
  units: null,
});

/**
 * @param {Entry[]} entries of the units' quantities
 * @param {[number, number]} pair
 * @returns {Omit<Target, "name" | "index">}
 */
function onUnits([units, values, mean, std], pair) {
  const at = (/** @type {Entry} */ { offset }) =>
    /** @type {[number, number]} */ ([offset + pair[0], offset + pair[1]]);
  return {
    stream: values.stream,
    count: values.size / units.size,
    first: at(values),
    stride: units.size,
    middle: at(mean),
    spread: at(std),
    units: at(units),
  };
}

/** All networks that have one, on the chosen plane. @param {Scene} scene @returns {Target[]} */
export const targetsOf = (scene) =>
  scene.header.networks.flatMap(({ name }, index) => {
    const pair = unitsChosen(scene);
    const units = pair && entriesOf(scene, name, UNIT_QUANTITIES);
    const directions = entriesOf(scene, name, DIRECTION_QUANTITIES);
    if (pair && units && Math.max(...pair) < units[0].size) return [{ name, index, ...onUnits(units, pair) }];
    return directions ? [{ name, index, ...onDirections(directions) }] : [];
  });

/**
 * Which input it is, once something has come.
 * @param {Scene} scene @param {number} stream @param {number} offset
 */
const numberAt = (scene, stream, offset) => {
  const history = scene.history.stream(stream);
  return history.count ? history.value(history.order[0], offset) : NaN;
};

/** What the axes of a network's panel are called. @param {Scene} scene @param {Target} target @returns {string[]} */
export function axisTitles(scene, { units, stream }) {
  if (!units) return [scene.t("target.axis"), ""];
  return units.map((offset) => {
    const unit = numberAt(scene, stream, offset);
    return scene.t("target.axis.unit", { unit: Number.isFinite(unit) ? unit : "?" });
  });
}

/** @param {Scene} scene @param {[number, number]} pair each network's, where they are known */
function pairText(scene, pair) {
  const known = scene.header.networks.flatMap(({ name }) => {
    const entries = entriesOf(scene, name, UNIT_QUANTITIES);
    const numbers = entries ? pair.map((at) => numberAt(scene, entries[0].stream, entries[0].offset + at)) : [NaN];
    return numbers.every(Number.isFinite) ? [numbers.join(", ")] : [];
  });
  return known.length ? scene.t("target.plane.units", { units: [...new Set(known)].join(" | ") }) : null;
}

/** The plane, to be chosen; nothing where a run has one alone. @param {Scene} scene */
export function planeChoice(scene) {
  const sizes = scene.header.networks.map(({ name }) => entriesOf(scene, name, UNIT_QUANTITIES)?.[0].size ?? 0);
  const count = Math.max(...sizes);
  const pairs = Array.from({ length: count }, (_, x) => x).flatMap((x) =>
    Array.from({ length: count - x - 1 }, (_, i) => /** @type {[number, number]} */ ([x, x + 1 + i])),
  );
  const options = pairs.flatMap((pair) => {
    const text = pairText(scene, pair);
    return text ? [{ value: pair.join(), text }] : [];
  });
  if (!options.length) return [];
  const directions = { value: "directions", text: scene.t("target.plane.directions") };
  return [ownChoice(scene, "target-plane", scene.t("target.plane"), [directions, ...options])];
}
