/**
 * How far a layer's distribution has moved. What the drift probe recorded is read, never computed again; the page
 * itself compares any two steps, by the moments of their training batches, and that quantity has a name of its own.
 */

import { brief } from "../app/numbers.js";
import { divisor } from "./distribution.js";
import { INPUT_SITES } from "./focus.js";

/** @typedef {import("../types").Scene} Scene */

/** The recorded quantities that are shown first, in this order; the others can be chosen. */
const PREFERRED = ["wasserstein_over_sigma_from_start", "mean_shift_from_start", "wasserstein_from_start"];

/** The page's own quantity: the distance of two steps' training batches. No probe records it. */
export const BATCH_DISTANCE = "batch_distance";

/** @type {WeakMap<import("../stream/layout-index.js").LayoutIndex, Map<string, string>>} */
const recordings = new WeakMap();

/**
 * The drift quantities that a run has recorded, in the order in which they are offered, and their units.
 * @param {Scene} scene
 * @returns {Map<string, string>}
 */
function recordedUnits({ layoutIndex, header }) {
  let units = recordings.get(layoutIndex);
  if (!units) {
    const entries = header.layouts.find(({ stream }) => stream === layoutIndex.stream("drift"))?.entries ?? [];
    const all = new Map(
      entries.flatMap((one) => (one.layer && one.shape.length === 0 ? [[one.quantity, one.unit]] : [])),
    );
    const distances = [...all.keys()].filter((name) => /_from_(start|previous)$/.test(name));
    const names = new Set([...PREFERRED.filter((name) => all.has(name)), ...distances]);
    units = new Map([...(names.size ? names : all.keys())].map((name) => [name, all.get(name) ?? ""]));
    recordings.set(layoutIndex, units);
  }
  return units;
}

/** Their names. @param {Scene} scene @returns {string[]} */
export const driftQuantities = (scene) => [...recordedUnits(scene).keys()];

/**
 * The quantity that the page shows: the chosen one, else the first; where none was recorded, the page's own.
 * @param {Scene} scene
 * @returns {string}
 */
export function driftShown(scene) {
  const units = recordedUnits(scene);
  const { drift } = scene.selection.choices;
  return drift !== undefined && units.has(drift) ? drift : (units.keys().next().value ?? BATCH_DISTANCE);
}

/**
 * A quantity in the page's words; of single units, what it is of all values.
 * @param {Scene} scene
 * @param {string} quantity
 * @param {number} [step] the step that the page's own counts from
 */
export function driftName({ t }, quantity, step = 0) {
  if (quantity === BATCH_DISTANCE) return t("drift.batches", { step });
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
  const sigmas = quantity === BATCH_DISTANCE || recordedUnits(scene).get(quantity) === "std";
  return `${brief(value)}${sigmas ? scene.t("ridge.sigma") : ""}`;
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
 * @returns {Drift | null}
 */
export function driftOf(scene, network, layer) {
  let found = known.get(scene.layoutIndex);
  if (!found) {
    found = new Map();
    known.set(scene.layoutIndex, found);
  }
  const quantity = driftShown(scene);
  const key = `${quantity} ${network} ${layer}`;
  let drift = found.get(key);
  if (drift === undefined) {
    drift =
      quantity === BATCH_DISTANCE
        ? distanceOverTime(scene, network, layer)
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
 * @param {Scene} scene @param {string} network @param {string} layer @returns {Drift | null}
 */
function distanceOverTime(scene, network, layer) {
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
      return batchDistance(
        { mean: means[first], std: stds[first] },
        { mean: means[slot], std: stds[slot] },
        stds[first],
      );
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
