/**
 * The axes along a run: they count steps, epochs, seconds, or how far each network's training loss has come down, so
 * that networks can be compared at equal loss. All of them show one stretch, which is a choice of the page.
 */

import { RunningMean } from "../app/numbers.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").Series} Series */
/** @typedef {import("../stream/history.js").StreamHistory} StreamHistory */
/** @typedef {"step" | "epoch" | "time" | "loss"} RunAxisKind */

/** Names of the choices, which stand in the link. */
export const RUN_AXIS_CHOICES = ["x", "zoom"];

/** The choice of axes of values: logarithmic where they suit, or all linear. */
export const VALUES = "y";
export const LINEAR = "linear";

/** Whether values stand on linear axes alone. @param {Scene} scene */
export const isLinear = ({ selection }) => selection.choices[VALUES] === LINEAR;

const LOSS_OVER = 15;
/** How exactly the ends of an axis of losses are kept, in decades: it moves seldom. */
const DECADES = 0.25;
const SECONDS = 8;

/** @param {Scene} scene */
const lossEntries = ({ header, layoutIndex }) =>
  header.networks.map(({ name }) => layoutIndex.find("loss", { network: name }));

/** What the axes of this run can count. @param {Scene} scene @returns {RunAxisKind[]} */
export function runAxisKinds(scene) {
  const losses = lossEntries(scene).every((entry) => entry?.size === 1);
  const kinds = ["step", ...(scene.run.steps_per_epoch ? ["epoch"] : []), "time", ...(losses ? ["loss"] : [])];
  return /** @type {RunAxisKind[]} */ (kinds);
}

/** @param {Scene} scene @returns {RunAxisKind} */
export const runAxisKind = (scene) => runAxisKinds(scene).find((kind) => kind === scene.selection.choices.x) ?? "step";

/**
 * The stretch that is shown, as the axis counts; null for all of it.
 * @param {Scene} scene @returns {[number, number] | null}
 */
export function zoomOf({ selection }) {
  const [from, to] = (selection.choices.zoom ?? "").split("..").map(Number);
  return selection.choices.zoom && Number.isFinite(from) && Number.isFinite(to) && from !== to ? [from, to] : null;
}

/** A stretch as the link holds it. @param {[number, number]} range */
export const zoomText = (range) => range.map((end) => String(Number(end.toPrecision(5)))).join("..");

/** The stream whose frames are the most. @param {Scene} scene */
const longest = ({ history }) => [...history.streams.values()].reduce((a, b) => (b.count > a.count ? b : a));

/** @param {Scene} scene */
function firstTime(scene) {
  const { times, order } = longest(scene);
  return times[order[0]];
}

/**
 * The lowest running mean of a network's loss so far, by position in its stream: it only falls.
 * @type {WeakMap<StreamHistory, Map<number, {epoch: number, mean: RunningMean, lowest: number[]}>>}
 */
const lowestLosses = new WeakMap();

/** @param {StreamHistory} stream @param {number} offset */
function lowestSoFar(stream, offset) {
  const known = lowestLosses.get(stream) ?? new Map();
  lowestLosses.set(stream, known);
  let found = known.get(offset);
  if (found?.epoch !== stream.epoch) {
    found = { epoch: stream.epoch, mean: new RunningMean(LOSS_OVER), lowest: [] };
    known.set(offset, found);
  }
  const column = stream.column(offset);
  for (let position = found.lowest.length; position < stream.count; position++) {
    const mean = found.mean.next(column[stream.order[position]]);
    const before = found.lowest.at(-1) ?? Infinity;
    found.lowest.push(Number.isFinite(mean) ? Math.min(before, mean) : before);
  }
  return found.lowest;
}

/**
 * Where a frame of a line's stream stands on the axis, by its slot; undefined where the axis counts steps.
 * @param {Scene} scene
 * @param {{stream: number, network: string}} line
 * @returns {((slot: number) => number) | undefined}
 */
export function placeOf(scene, line) {
  const kind = runAxisKind(scene);
  if (kind === "step") return undefined;
  const stream = scene.history.stream(line.stream);
  if (kind === "epoch") return (slot) => stream.steps[slot] / (scene.run.steps_per_epoch ?? 1);
  if (kind === "time") {
    const first = firstTime(scene);
    return (slot) => stream.times[slot] - first;
  }
  const loss = scene.layoutIndex.find("loss", { network: line.network });
  if (!loss) return () => NaN;
  const losses = scene.history.stream(loss.stream);
  return (slot) => lowestSoFar(losses, loss.offset)[losses.position(stream.steps[slot])] ?? NaN;
}

/** All of the run, as its axis counts. @param {Scene} scene @returns {[number, number]} */
export function wholeRange(scene) {
  const kind = runAxisKind(scene);
  if (kind === "step") return [0, scene.span];
  if (kind === "epoch") return [0, scene.span / (scene.run.steps_per_epoch ?? 1)];
  return kind === "time" ? [0, secondsSpan(scene)] : lossRange(scene);
}

/** @param {Scene} scene */
function secondsSpan(scene) {
  const stream = longest(scene);
  const last = stream.count ? stream.times[stream.newest] - firstTime(scene) : 0;
  let span = SECONDS;
  while (span < last) span *= 1.25;
  return span;
}

/** From the highest to the lowest loss, in decades. @param {Scene} scene @returns {[number, number]} */
function lossRange(scene) {
  const ends = lossEntries(scene).flatMap((entry) => {
    if (!entry) return [];
    const lowest = lowestSoFar(scene.history.stream(entry.stream), entry.offset);
    return [lowest.find(Number.isFinite) ?? NaN, lowest.at(-1) ?? NaN];
  });
  const decades = ends.filter((loss) => loss > 0 && Number.isFinite(loss)).map(Math.log10);
  if (decades.length === 0) return [1, 0];
  const high = Math.ceil(Math.max(...decades) / DECADES) * DECADES;
  const low = Math.floor(Math.min(...decades) / DECADES) * DECADES;
  return [high, high > low ? low : low - DECADES];
}

/** What an axis along the run shows. @param {Scene} scene @returns {[number, number]} */
export const runRange = (scene) => zoomOf(scene) ?? wholeRange(scene);

/** Changes with what the axes along the run show. @param {Scene} scene */
export const runAxisKey = (scene) => `${runAxisKind(scene)} ${runRange(scene)}`;

/**
 * The positions of a line's stream that are shown: from the first to before the second.
 * @param {Scene} scene
 * @param {Series} line
 * @returns {[number, number]}
 */
export function positionsShown(scene, line) {
  const stream = scene.history.stream(line.stream);
  const zoom = zoomOf(scene);
  if (!zoom) return [0, stream.count];
  const log = runAxisKind(scene) === "loss";
  const way = zoom[1] > zoom[0] ? 1 : -1;
  const at = (/** @type {number} */ position) => {
    const slot = stream.order[position];
    const place = line.x?.(slot) ?? stream.steps[slot];
    return way * (log ? Math.log10(place) : place);
  };
  const from = firstWhere(stream.count, (position) => at(position) >= way * zoom[0]);
  const to = firstWhere(stream.count, (position) => at(position) > way * zoom[1]);
  return from < to ? [from, to] : [Math.max(0, from - 1), Math.min(stream.count, from + 1)];
}

/**
 * The first position for which something holds, which holds for all after it.
 * @param {number} count
 * @param {(position: number) => boolean} holds
 */
function firstWhere(count, holds) {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
