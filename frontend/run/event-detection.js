/** Events that the page finds in what was measured: gradients that vanish or explode, layers that fall silent. */

import { driftOf } from "../views/drift.js";
import { hiddenOf, INPUT_SITES } from "../views/focus.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").RunEvent} RunEvent */

/** Thresholds are stated, not learned: help texts name them. */
const LIMITS = { vanishing: 1e-6, exploding: 1e3, dead: 0.99 };

/**
 * @typedef {{kind: "vanishing" | "exploding" | "dead", quantity: string, sites: string[],
 *   hit: (value: number) => boolean}} Rule
 */

/** @type {Rule[]} */
const RULES = [
  { kind: "vanishing", quantity: "gradient_norm", sites: [""], hit: (value) => value < LIMITS.vanishing },
  { kind: "exploding", quantity: "gradient_norm", sites: [""], hit: (value) => value > LIMITS.exploding },
  { kind: "dead", quantity: "zero_fraction", sites: ["output"], hit: (value) => value > LIMITS.dead },
  {
    kind: "dead",
    quantity: "saturated_fraction",
    sites: ["output", ...INPUT_SITES],
    hit: (value) => value > LIMITS.dead,
  },
];

/**
 * For each rule and network the first step at which a layer meets it; of several layers, the first to do so.
 * @param {Scene} scene
 * @returns {RunEvent[]}
 */
export function detect(scene) {
  return scene.header.networks.flatMap((network) =>
    RULES.flatMap((rule) => {
      /** @type {RunEvent | null} */
      let first = null;
      for (const { name } of network.layers) {
        const entry = scene.layoutIndex.first([rule.quantity], { network: network.name, layer: name }, rule.sites);
        if (entry?.size !== 1) continue;
        const step = firstStep(scene.history.stream(entry.stream), entry.offset, rule);
        if (step !== null && (first === null || step < first.step)) {
          first = { time: 0, step, kind: rule.kind, message: "", network: network.name, layer: name };
        }
      }
      return first ? [first] : [];
    }),
  );
}

/**
 * @typedef {{epoch: number, searched: number, step: number | null}} Search how far a column has been searched,
 *   and what was found
 */

/** @type {WeakMap<import("../stream/history.js").StreamHistory, Map<string, Search>>} */
const searches = new WeakMap();

/**
 * The first step that meets a rule. What has been searched is not searched again.
 * @param {import("../stream/history.js").StreamHistory} stream @param {number} offset @param {Rule} rule
 */
function firstStep(stream, offset, { kind, hit }) {
  const known = searches.get(stream) ?? new Map();
  searches.set(stream, known);
  let search = known.get(`${kind} ${offset}`);
  if (search?.epoch !== stream.epoch) {
    search = { epoch: stream.epoch, searched: 0, step: null };
    known.set(`${kind} ${offset}`, search);
  }
  const column = stream.column(offset);
  for (; search.step === null && search.searched < stream.count; search.searched++) {
    const slot = stream.order[search.searched];
    if (hit(column[slot])) search.step = stream.steps[slot];
  }
  return search.step;
}

/**
 * The step and hidden layer of the most drift in any network; null before there is any.
 * @param {Scene} scene
 */
export function mostShift(scene) {
  /** @type {{step: number, layer: string, value: number} | null} */
  let most = null;
  for (const network of scene.header.networks) {
    for (const { name } of hiddenOf(network)) {
      const drift = driftOf(scene, network.name, name);
      if (!drift) continue;
      const stream = scene.history.stream(drift.stream);
      for (let position = 0; position < stream.count; position++) {
        const slot = stream.order[position];
        const value = drift.at(slot);
        if (Number.isFinite(value) && (most === null || value > most.value))
          most = { step: stream.steps[slot], layer: name, value };
      }
    }
  }
  return most;
}
