/** What a layer is given of the fixed batch, as points in a plane: now and before, and the way of their middle. */

import { shownSlot } from "./focus.js";
import { targetLayer, targetsOf, unitsChosen } from "./target-plane.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").Shape} Shape */
/** @typedef {import("../stream/history.js").StreamHistory} StreamHistory */
/** @typedef {import("./target-plane.js").Target} Target */

/** Corners of a point. */
const CORNERS = 6;
const COSINES = Array.from({ length: CORNERS + 1 }, (_, corner) => Math.cos((2 * Math.PI * corner) / CORNERS));
const SINES = Array.from({ length: CORNERS + 1 }, (_, corner) => Math.sin((2 * Math.PI * corner) / CORNERS));
/** Radius of a point, as a share of half its axis. */
const RADIUS = 0.014;
/** Shares of the steps so far at which a ghost of the cloud stands. */
const GHOSTS = [0.5, 0.7, 0.85];
/** Most points of the way. */
const MOST_TURNS = 160;
/** How many spreads around its middle belong to a cloud. */
const REACH = 2.6;
/** Where one cloud reached so many times farther than another, no one scale shows both. */
const APART = 3;
/** The frame of an inset lies this far within it, so that its line is seen. */
const FRAME = 0.985;
/** Corners of the circle that stands for a cloud in an inset. */
const CIRCLE = 24;
/** Traces of a panel's inset, in the order in which they cover each other. */
export const INSET = /** @type {const} */ (["room", "panel", "far_way", "far_now"]);
/** Traces of a panel, likewise. */
export const LAYERS = /** @type {const} */ (["start", "ghosts", "way", "now", ...INSET]);

/** @typedef {{near: number[], far: number | null}} Scales half the axis of each panel, and of all insets or null */

/** How far a cloud reached from its start, at most, at any step. @param {Scene} scene @param {Target} target */
function reachOf(scene, { stream: number, middle, spread }) {
  const stream = scene.history.stream(number);
  const [x, y] = middle.map((offset) => stream.column(offset));
  const wide = spread.map((offset) => stream.column(offset));
  let most = 0;
  for (let slot = 0; slot < stream.count; slot++) {
    const spreads = Math.max(...wide.map((column) => column[slot]));
    const reach = Math.max(Math.abs(x[slot]), Math.abs(y[slot])) + REACH * spreads;
    if (Number.isFinite(reach) && reach > most) most = reach;
  }
  return rounded(most || 1);
}

/** The next of 1, 1.5, 2, 2.5, 3, 4, ...: an axis seldom moves. @param {number} value */
function rounded(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((one) => one * power >= value * (1 - 1e-9)) ?? 10);
}

/** Whether all clouds are seen on one scale. @param {Scene} scene */
const onOneScale = ({ selection }) => selection.choices["target-scale"] !== "own";

/**
 * On one scale the calmest cloud fills its panel; where another goes far beyond it, insets have room for all.
 * @param {Scene} scene @returns {Scales}
 */
function scalesOf(scene) {
  const own = targetsOf(scene).map((target) => reachOf(scene, target));
  if (!onOneScale(scene)) return { near: own, far: null };
  const [least, most] = [Math.min(...own), Math.max(...own)];
  return most > APART * least ? { near: own.map(() => least), far: most } : { near: own.map(() => most), far: null };
}

/** Middle and spread at the shown step. @param {Scene} scene @param {Target} target */
export function numbersOf(scene, { stream: number, middle, spread }) {
  const stream = scene.history.stream(number);
  const slot = shownSlot(scene, number);
  const [x, y] = middle.map((at) => stream.value(slot, at));
  const spreads = spread.map((at) => stream.value(slot, at));
  return { x, y, distance: Math.hypot(x, y), spread: Math.hypot(...spreads) / Math.sqrt(spreads.length) };
}

/**
 * Write points as small polygons, with a gap after each.
 * @param {Float32Array | undefined} row @param {Target} target @param {number} radius
 * @param {Shape} into @param {number} from
 */
function writePoints(row, { first, stride, count }, radius, into, from) {
  let at = from;
  for (let point = 0; point < count; point++) {
    const [x, y] = row ? [row[first[0] + stride * point], row[first[1] + stride * point]] : [NaN, NaN];
    for (let corner = 0; corner <= CORNERS; corner++, at++) {
      into.x[at] = x + radius * COSINES[corner];
      into.y[at] = y + radius * SINES[corner];
    }
    into.x[at] = NaN;
    into.y[at++] = NaN;
  }
}

/** @param {number} trace @param {number} length @returns {Shape} */
const emptyShape = (trace, length) => ({
  trace,
  x: new Float64Array(length).fill(NaN),
  y: new Float64Array(length).fill(NaN),
});

/**
 * Where the middle was, from the start to the shown step.
 * @param {StreamHistory} stream @param {Target} target @param {number} last position @param {Shape} into
 */
function writeWay(stream, { middle }, last, into) {
  const [x, y] = middle.map((offset) => stream.column(offset));
  const turns = Math.min(MOST_TURNS, last + 1);
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const slot = stream.order[turns > 1 ? Math.round((Math.min(turn, turns - 1) * last) / (turns - 1)) : 0];
    into.x[turn] = x[slot];
    into.y[turn] = y[slot];
  }
}

/** @param {Shape} into @param {number} half of its side */
function writeSquare(into, half) {
  into.x.set([-half, half, half, -half, -half]);
  into.y.set([-half, -half, half, half, -half]);
}

/**
 * A cloud as a circle: its middle, and its spread, which stays seen however small it is.
 * @param {ReturnType<typeof numbersOf>} numbers @param {number} far @param {Shape} into
 */
function writeCircle({ x, y, spread }, far, into) {
  const radius = Math.max(spread, 3 * RADIUS * far);
  for (let corner = 0; corner <= CIRCLE; corner++) {
    into.x[corner] = x + radius * Math.cos((2 * Math.PI * corner) / CIRCLE);
    into.y[corner] = y + radius * Math.sin((2 * Math.PI * corner) / CIRCLE);
  }
}

/**
 * How many numbers each trace has.
 * @param {number} count of points @returns {Record<typeof LAYERS[number], number>}
 */
function lengths(count) {
  const cloud = count * (CORNERS + 2);
  const inset = { room: 5, panel: 5, far_way: MOST_TURNS, far_now: CIRCLE + 1 };
  return { start: cloud, ghosts: GHOSTS.length * cloud, way: MOST_TURNS, now: cloud, ...inset };
}

/**
 * What moves of one network.
 * @param {Scene} scene @param {Target} target @param {number} first trace
 * @param {number} scale @param {number | null} far
 */
function shapesOf(scene, target, first, scale, far) {
  const stream = scene.history.stream(target.stream);
  const size = lengths(target.count);
  const shapes = LAYERS.map((name, i) => emptyShape(first + i, size[name]));
  const slot = shownSlot(scene, target.stream);
  if (slot < 0) return shapes;
  const [start, ghosts, way, now, room, panel, farWay, farNow] = shapes;
  const rowAt = (/** @type {number} */ step) => stream.row(stream.slotAt(step)) ?? undefined;
  const radius = RADIUS * scale;
  const step = stream.steps[slot];
  const write = (/** @type {Shape} */ into, /** @type {number} */ at, /** @type {number} */ from, share = 1) =>
    writePoints(rowAt(at), target, share * radius, into, from);
  write(start, stream.steps[stream.order[0]], 0);
  for (const [i, share] of GHOSTS.entries()) write(ghosts, share * step, i * size.now, 0.7);
  writeWay(stream, target, stream.position(step), way);
  write(now, step, 0, 1.3);
  if (far === null) return shapes;
  writeSquare(room, FRAME * far);
  writeSquare(panel, scale);
  farWay.x.set(way.x);
  farWay.y.set(way.y);
  writeCircle(numbersOf(scene, target), far, farNow);
  return shapes;
}

/** @type {WeakMap<import("../stream/layout-index.js").LayoutIndex, {key: string, shapes: Shape[]}>} */
const known = new WeakMap();

/** What moves in every frame; made anew only where a frame has come or another step is shown. @param {Scene} scene */
export function movingShapes(scene) {
  const targets = targetsOf(scene);
  if (targets.length === 0) return [];
  const scales = drawnScales(scene);
  const stream = scene.history.stream(targets[0].stream);
  const slot = shownSlot(scene, targets[0].stream);
  const key = [targetLayer(scene), unitsChosen(scene), slot, stream.epoch, ...scales.near, scales.far].join();
  const before = known.get(scene.layoutIndex);
  if (before?.key === key) return before.shapes;
  const shapes = targets.flatMap((target, i) =>
    shapesOf(scene, target, i * LAYERS.length, scales.near[i], scales.far),
  );
  known.set(scene.layoutIndex, { key, shapes });
  return shapes;
}

/** @type {WeakMap<import("../stream/layout-index.js").LayoutIndex, {key: string, scales: Scales}>} */
const scalesKnown = new WeakMap();

/** The scales, found anew only where frames have come. @param {Scene} scene */
export function drawnScales(scene) {
  const [first] = targetsOf(scene);
  const count = first && scene.history.stream(first.stream).count;
  const key = [targetLayer(scene), unitsChosen(scene), onOneScale(scene), count].join();
  const before = scalesKnown.get(scene.layoutIndex);
  if (before?.key === key) return before.scales;
  const scales = scalesOf(scene);
  scalesKnown.set(scene.layoutIndex, { key, scales });
  return scales;
}
