/** One sample on its way through the networks: which it is, and what it is at each layer. */

import { named } from "../app/i18n.js";
import { shownSlot } from "./focus.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").RunEvent} RunEvent */
/**
 * The samples that can be followed. `pixels` holds a byte each, image by image and channel by channel.
 * @typedef {{channels: number, rows: number, columns: number, labels: number[], pixels: Uint8Array}} Samples
 */

/** @type {WeakMap<RunEvent, Samples | null>} */
const known = new WeakMap();

/** @param {RunEvent} event @returns {Samples | null} */
function read(event) {
  const { shape, labels, pixels } = /** @type {any} */ (event.value) ?? {};
  if (!Array.isArray(shape) || !Array.isArray(labels) || typeof pixels !== "string") return null;
  const [channels, rows, columns] = shape;
  const bytes = Uint8Array.from(atob(pixels), (char) => char.charCodeAt(0));
  return bytes.length === labels.length * channels * rows * columns
    ? { channels, rows, columns, labels, pixels: bytes }
    : null;
}

/** The samples of a run that can be followed, if any were recorded. @param {readonly RunEvent[]} events */
export function samplesOf(events) {
  const event = events.find(({ kind }) => kind === "samples");
  if (!event) return null;
  if (!known.has(event)) known.set(event, read(event));
  return known.get(event) ?? null;
}

/**
 * The sample that is followed: its number, from 0; null where none is.
 * @param {{selection: import("../types").Selection, events: readonly RunEvent[]}} state
 */
export function sampleOf({ selection, events }) {
  const text = selection.choices.sample;
  const count = samplesOf(events)?.labels.length ?? 0;
  return text !== undefined && /^\d+$/.test(text) && Number(text) < count ? Number(text) : null;
}

/** Which of the recorded units is shown: the one in focus, else the first. @param {Scene} scene */
const unitAmong = ({ selection }, /** @type {number} */ count) =>
  selection.unit !== null && selection.unit < count ? selection.unit : 0;

/**
 * Where a sample's value stands; of the last layer that of its own class.
 * @param {Scene} scene @param {number} sample
 * @param {{network: string, layer: string, site: string}} where
 */
function placeOf(scene, sample, where) {
  const entry = scene.layoutIndex.find("followed", where);
  if (!entry) return null;
  const units = entry.shape[1];
  const layers = scene.header.networks.find(({ name }) => name === where.network)?.layers;
  const label = samplesOf(scene.events)?.labels[sample] ?? 0;
  const unit = layers?.at(-1)?.name === where.layer ? Math.min(label, units - 1) : unitAmong(scene, units);
  return { entry, unit, offset: entry.offset + sample * units + unit };
}

/**
 * The value of a sample at a site of a layer at the shown step, and of which unit; NaN where there is none.
 * @param {Scene} scene @param {number} sample
 * @param {{network: string, layer: string, site: string}} where
 */
export function followedAt(scene, sample, where) {
  const place = placeOf(scene, sample, where);
  if (!place) return { value: NaN, unit: 0 };
  const { stream } = place.entry;
  return {
    value: scene.history.stream(stream).value(shownSlot(scene, stream), place.offset) ?? NaN,
    unit: place.unit,
  };
}

/** A sample in words: its number among them, and its class. @param {Scene} scene @param {number} sample */
export const sampleName = (scene, sample) =>
  scene.t("samples.one", { number: sample + 1, label: samplesOf(scene.events)?.labels[sample] ?? "" });

/**
 * The logits of a sample at the shown step; null where they are not known.
 * @param {Scene} scene @param {number} sample @param {string} network
 */
export function logitsOn(scene, sample, network) {
  const layers = scene.header.networks.find(({ name }) => name === network)?.layers ?? [];
  const entry = scene.layoutIndex.find("followed", { network, layer: layers.at(-1)?.name, site: "output" });
  const row = entry && scene.history.stream(entry.stream).row(shownSlot(scene, entry.stream));
  if (!entry || !row) return null;
  const from = entry.offset + sample * entry.shape[1];
  return Array.from(row.subarray(from, from + entry.shape[1]));
}

/**
 * What a network makes of a sample at the shown step: the class with the largest logit, and the probability of it.
 * @param {Scene} scene @param {number} sample @param {string} network
 */
export function verdictOn(scene, sample, network) {
  const logits = logitsOn(scene, sample, network);
  if (!logits) return null;
  const top = Math.max(...logits);
  if (!Number.isFinite(top)) return null;
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - top), 0);
  return { network: named(network, scene.t), label: logits.indexOf(top), probability: 1 / sum };
}

/** Streams that hold it, where one is followed. @param {Scene} scene */
export function followedStreams(scene) {
  const entry = sampleOf(scene) === null ? undefined : scene.layoutIndex.stream("followed");
  return entry === undefined ? [] : [entry];
}

/** What the pins of a followed sample are. @param {Scene} scene @returns {import("../types").LegendItem[]} */
export function followedLegend(scene) {
  const sample = sampleOf(scene);
  return sample === null ? [] : [{ text: sampleName(scene, sample), colors: [scene.theme.ink], width: 2.5 }];
}
