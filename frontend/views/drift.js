/**
 * How far a layer's distribution has moved. What the drift probe recorded is read, never computed again; the page
 * itself compares any two steps, by the moments of their training batches, and that quantity has a name of its own.
 */

import { brief } from "../app/numbers.js";
import { divisor } from "./distribution.js";
import { INPUT_SITES } from "./focus.js";

/** @typedef {import("../types").Scene} Scene */

/**
 * What a run may have recorded of drift, by its stream, which is also the name of the choice among its quantities. Of
 * several the first is shown throughout. Those quantities come first that are usual; the others can be chosen.
 */
const USUAL = {
  drift: ["wasserstein_over_sigma_from_start", "mean_shift_from_start", "wasserstein_from_start"],
  batch_drift: [
    "batch_wasserstein_over_sigma_from_start",
    "batch_mean_shift_from_start",
    "batch_wasserstein_from_start",
  ],
};
/** @typedef {keyof typeof USUAL} Kind on a fixed batch, or on the training batches */
const KINDS = /** @type {Kind[]} */ (Object.keys(USUAL));

/** The page's own quantity: the distance of two steps' training batches. No probe records it. */
export const BATCH_DISTANCE = "batch_distance";
/** The same in values, not over sigma. */
const VALUE_DISTANCE = "batch_distance_in_values";

/** @type {WeakMap<import("../stream/layout-index.js").LayoutIndex, Map<Kind, Map<string, string>>>} */
const recordings = new WeakMap();

/**
 * The quantities of each kind that a run has recorded, in the order in which they are offered, and their units.
 * @param {Scene} scene
 */
function recordedUnits({ layoutIndex }) {
  let kinds = recordings.get(layoutIndex);
  if (!kinds) {
    kinds = new Map(KINDS.map((kind) => [kind, unitsOf(layoutIndex, kind)]));
    recordings.set(layoutIndex, kinds);
  }
  return kinds;
}

/** @param {import("../stream/layout-index.js").LayoutIndex} index @param {Kind} kind @returns {Map<string, string>} */
function unitsOf(index, kind) {
  const entries = index.entries(kind);
  const all = new Map(
    entries.flatMap((one) => (one.layer && one.shape.length === 0 ? [[one.quantity, one.unit]] : [])),
  );
  const distances = [...all.keys()].filter((name) => /_from_(start|previous)$/.test(name));
  const names = new Set([...USUAL[kind].filter((name) => all.has(name)), ...distances]);
  return new Map([...(names.size ? names : all.keys())].map((name) => [name, all.get(name) ?? ""]));
}

/** The names of the quantities of a kind that were recorded. @param {Scene} scene @param {Kind} kind */
export const driftQuantities = (scene, kind) => [...(recordedUnits(scene).get(kind)?.keys() ?? [])];

/**
 * The quantity of a kind that is chosen, else the first; none where none was recorded.
 * @param {Scene} scene @param {Kind} kind
 */
export function driftChosen(scene, kind) {
  const names = driftQuantities(scene, kind);
  return names.find((name) => name === scene.selection.choices[kind]) ?? names.at(0);
}

/** The kind that is shown throughout; none where a run has recorded none. @param {Scene} scene */
export const driftKind = (scene) => KINDS.find((kind) => recordedUnits(scene).get(kind)?.size);

/** The quantity that the page shows throughout; where none was recorded, the page's own. @param {Scene} scene */
export function driftShown(scene) {
  const kind = driftKind(scene);
  return (kind && driftChosen(scene, kind)) ?? BATCH_DISTANCE;
}

/** The unit of a quantity that was recorded. @param {Scene} scene @param {string} quantity */
const unitOf = (scene, quantity) =>
  [...recordedUnits(scene).values()].find((units) => units.has(quantity))?.get(quantity);

/** Whether a quantity counts in standard deviations. @param {Scene} scene @param {string} quantity */
export const isInSigmas = (scene, quantity) => quantity === BATCH_DISTANCE || unitOf(scene, quantity) === "std";

/**
 * The quantity that counts in values what another counts in standard deviations; the same where there is none, or
 * where it does not count in them.
 * @param {Scene} scene @param {string} quantity
 */
export function inValues(scene, quantity) {
  if (quantity === BATCH_DISTANCE) return VALUE_DISTANCE;
  const plain = quantity.replace(/_over_sigma_/, "_");
  return [...recordedUnits(scene).values()].some((units) => units.has(plain)) ? plain : quantity;
}

/**
 * A quantity in the page's words; of single units, what it is of all values.
 * @param {Scene} scene
 * @param {string} quantity
 * @param {number} [step] the step that the page's own counts from
 */
export function driftName({ t }, quantity, step = 0) {
  if (quantity === BATCH_DISTANCE) return t("drift.batches", { step });
  if (quantity === VALUE_DISTANCE) return t("drift.batches.values", { step });
  return quantity.startsWith("unit_")
    ? t("drift.unit", { drift: t(`quantity.${quantity.slice("unit_".length)}`) })
    : t(`quantity.${quantity}`);
}

/**
 * A drift for people, with its unit.
 * @param {Scene} scene
 * @param {string} quantity
 * @param {number} value
 */
export function driftText(scene, quantity, value) {
  return `${brief(value)}${isInSigmas(scene, quantity) ? scene.t("ridge.sigma") : ""}`;
}

/**
 * How a layer's drift is read at a slot of its stream.
 * @typedef {{stream: number, at: (slot: number) => number, offsets: number[]}} Drift
 */

/** @type {WeakMap<import("../stream/layout-index.js").LayoutIndex, Map<string, Drift | null>>} */
const known = new WeakMap();

/**
 * The shown drift of a layer over the run, looked up once: it is asked for in every frame. Null where there is none.
 * @param {Scene} scene
 * @param {string} network
 * @param {string} layer
 * @param {string} [quantity]
 * @returns {Drift | null}
 */
export function driftOf(scene, network, layer, quantity = driftShown(scene)) {
  let found = known.get(scene.layoutIndex);
  if (!found) {
    found = new Map();
    known.set(scene.layoutIndex, found);
  }
  const key = `${quantity} ${network} ${layer}`;
  let drift = found.get(key);
  if (drift === undefined) {
    drift =
      quantity === BATCH_DISTANCE || quantity === VALUE_DISTANCE
        ? distanceOverTime(scene, network, layer, quantity === BATCH_DISTANCE ? batchDistance : valueDistance)
        : recorded(scene, quantity, network, layer);
    found.set(key, drift);
  }
  return drift;
}

/**
 * What the probe recorded.
 * @param {Scene} scene @param {string} quantity @param {string} network @param {string} layer @returns {Drift | null}
 */
function recorded(scene, quantity, network, layer) {
  const entry = scene.layoutIndex.first([quantity], { network, layer }, [...INPUT_SITES, ""]);
  if (!entry) return null;
  const stream = scene.history.stream(entry.stream);
  return { stream: entry.stream, offsets: [entry.offset], at: (slot) => stream.column(entry.offset)[slot] };
}

/**
 * The page's own quantity, from the first step on.
 * @param {Scene} scene @param {string} network @param {string} layer @param {typeof batchDistance} distance
 * @returns {Drift | null}
 */
function distanceOverTime(scene, network, layer, distance) {
  const where = { network, layer };
  const mean = scene.layoutIndex.first(["mean"], where, INPUT_SITES);
  const std = mean && scene.layoutIndex.find("std", { ...where, site: mean.site });
  if (!mean || !std) return null;
  const stream = scene.history.stream(mean.stream);
  return {
    stream: mean.stream,
    offsets: [mean.offset, std.offset],
    at(slot) {
      const means = stream.column(mean.offset);
      const stds = stream.column(std.offset);
      const first = stream.order[0];
      return distance({ mean: means[first], std: stds[first] }, { mean: means[slot], std: stds[slot] }, stds[first]);
    },
  };
}

/**
 * The distance of two training batches' values, in units of the first's sigma: the 2-Wasserstein distance of the
 * Gaussians with their moments, sqrt((mean_b - mean_a)^2 + (sigma_b - sigma_a)^2) / sigma_a.
 * @param {import("./distribution.js").Moments} a
 * @param {import("./distribution.js").Moments} b
 * @param {number} first the layer's sigma at the first recorded step
 */
export const batchDistance = (a, b, first) => Math.hypot(b.mean - a.mean, b.std - a.std) / divisor(a.std, first);

/**
 * The same distance in values, not over sigma.
 * @param {import("./distribution.js").Moments} a
 * @param {import("./distribution.js").Moments} b
 */
export const valueDistance = (a, b) => Math.hypot(b.mean - a.mean, b.std - a.std);
