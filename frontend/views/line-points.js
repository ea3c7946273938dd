/** The points of a line: its values as recorded, their running mean, and which of them a picture or a label needs. */

import { RunningMean, spread } from "../app/numbers.js";
import { positionsShown } from "./run-axis.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").Series} Series */
/** @typedef {import("../stream/history.js").StreamHistory} StreamHistory */
/**
 * @typedef {object} Points
 * @property {number[]} x places on the axis along the run
 * @property {number[]} steps
 * @property {number[]} y what is drawn
 * @property {number[]} values as recorded
 * @property {number[] | null} means their running mean, where one is shown
 */

/**
 * Steps and values of a line, NaN kept as gaps. Over `most` points, those are chosen that keep each stretch's lowest
 * and highest value: a label can be had of whatever stands out.
 * @param {Scene} scene
 * @param {Series} line
 * @param {number} [most]
 * @returns {Points}
 */
export function points(scene, line, most = Infinity) {
  const stream = scene.history.stream(line.stream);
  const recorded = positionsOf(stream, line);
  const valueAt = readerOf(stream, line);
  const means = line.mean ? runningMeans(recorded, valueAt, line.mean) : null;
  const drawnAt =
    line.smooth && means ? (/** @type {number} */ i) => means[i] : (/** @type {number} */ i) => valueAt(recorded[i]);
  const chosen = telling(recorded.length, most, drawnAt);
  const slots = chosen.map((i) => stream.order[recorded[i]]);
  const steps = slots.map((slot) => stream.steps[slot]);
  return {
    x: line.x ? slots.map(line.x) : steps,
    steps,
    y: chosen.map(drawnAt),
    values: chosen.map((i) => valueAt(recorded[i])),
    means: means && chosen.map((i) => means[i]),
  };
}

/**
 * Some of a line's values that are shown, evenly spread: enough to choose an axis by.
 * @param {Scene} scene
 * @param {Series} line
 * @param {number} most
 */
export function sample(scene, line, most) {
  const stream = scene.history.stream(line.stream);
  const [from, to] = positionsShown(scene, line);
  const positions = spread(to - from, most).map((i) => from + i);
  if (!line.smooth) return positions.map(readerOf(stream, line));
  const all = Array.from({ length: stream.count }, (_, position) => position);
  const means = runningMeans(all, readerOf(stream, line), line.smooth);
  return positions.map((position) => means[position]);
}

/**
 * How many frames of a line's stream its table lacks: their rows were let go.
 * @param {Scene} scene
 * @param {Series} line
 */
export function leftOut(scene, line) {
  const stream = scene.history.stream(line.stream);
  return stream.count - positionsOf(stream, line).length;
}

/**
 * The value that a line shows now.
 * @param {Scene} scene
 * @param {Series} line
 */
export function valueNow(scene, line) {
  const stream = scene.history.stream(line.stream);
  if (line.many) return stream.value(stream.slotAt(scene.selection.step), line.offset);
  const position = scene.selection.step === null ? stream.count - 1 : stream.position(scene.selection.step);
  return position < 0 ? NaN : stream.column(line.offset)[stream.order[position]];
}

/** Reads a line's value at a position. @param {StreamHistory} stream @param {Series} line */
function readerOf(stream, line) {
  const { order } = stream;
  if (line.many) return (/** @type {number} */ position) => stream.value(order[position], line.offset);
  const column = stream.column(line.offset);
  return (/** @type {number} */ position) => column[order[position]];
}

/** The positions at which a line has a value of its own. @param {StreamHistory} stream @param {Series} line */
function positionsOf(stream, line) {
  // What a column lacks is known once it is there.
  if (!line.many) stream.column(line.offset);
  const has = line.many
    ? (/** @type {number} */ slot) => stream.rowOf[slot] >= 0
    : (/** @type {number} */ slot) => stream.has(slot, line.offset);
  const positions = [];
  for (let position = 0; position < stream.count; position++)
    if (has(stream.order[position])) positions.push(position);
  return positions;
}

/** @param {number[]} positions @param {(position: number) => number} valueAt @param {number} over */
function runningMeans(positions, valueAt, over) {
  const mean = new RunningMean(over);
  return positions.map((position) => mean.next(valueAt(position)));
}

/**
 * The first, the lowest and the highest of each stretch of values, the first that is no number, and the last of all.
 * @param {number} count
 * @param {number} most
 * @param {(i: number) => number} valueAt
 * @returns {number[]} ascending
 */
export function telling(count, most, valueAt) {
  if (count <= most) return Array.from({ length: count }, (_, i) => i);
  const stretches = Math.max(1, Math.floor(most / 4));
  const chosen = new Set([count - 1]);
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = Math.floor((stretch * count) / stretches);
    const to = Math.floor(((stretch + 1) * count) / stretches);
    let [low, high, broken] = [from, from, -1];
    for (let i = from; i < to; i++) {
      const value = valueAt(i);
      if (!Number.isFinite(value)) broken = broken < 0 ? i : broken;
      else {
        if (!(valueAt(low) <= value)) low = i;
        if (!(valueAt(high) >= value)) high = i;
      }
    }
    for (const i of [from, low, high, broken]) if (i >= 0) chosen.add(i);
  }
  return [...chosen].sort((a, b) => a - b);
}
