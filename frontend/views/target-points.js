/** What a layer is given of the fixed batch, as points in a plane: now and before, and the way of their middle. */

import { focusLayer, shownSlot } from "./focus.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").Entry} Entry */
/** @typedef {import("../types").Shape} Shape */
/** @typedef {import("../stream/history.js").StreamHistory} StreamHistory */
/** @typedef {{cloud: Entry, centroid: Entry, spread: Entry}} Target of one network */

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
/** Traces of a panel, in the order in which they cover each other. */
export const LAYERS = /** @type {const} */ (["start", "ghosts", "way", "now"]);

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

/** What is recorded of a network at the layer shown; null for nothing. @param {Scene} scene @param {string} network */
function targetOf({ layoutIndex }, network, layer = "") {
  const where = { network, layer };
  const [cloud, centroid, spread] = ["input_cloud", "input_centroid", "input_spread"].map((quantity) =>
    layoutIndex.find(quantity, where),
  );
  return cloud && centroid && spread ? { cloud, centroid, spread } : null;
}

/** All networks that have one, with their places. @param {Scene} scene */
export const targetsOf = (scene) =>
  scene.header.networks.flatMap(({ name }, index) => {
    const target = targetOf(scene, name, targetLayer(scene));
    return target ? [{ name, index, ...target }] : [];
  });

/** How far a cloud reached from its start, at most, at any step. @param {Scene} scene @param {Target} target */
function reachOf(scene, { centroid, spread }) {
  const stream = scene.history.stream(centroid.stream);
  const [x, y, wide] = [centroid.offset, centroid.offset + 1, spread.offset].map((offset) => stream.column(offset));
  let most = 0;
  for (let slot = 0; slot < stream.count; slot++) {
    const reach = Math.max(Math.abs(x[slot]), Math.abs(y[slot])) + REACH * wide[slot];
    if (Number.isFinite(reach) && reach > most) most = reach;
  }
  return rounded(most || 1);
}

/** The next of 1, 1.5, 2, 3, 5, 7, 10, ...: an axis seldom moves. @param {number} value */
function rounded(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 1.5, 2, 3, 5, 7, 10].find((one) => one * power >= value * (1 - 1e-9)) ?? 10);
}

/** Whether all clouds are seen on one scale. @param {Scene} scene */
const onOneScale = ({ selection }) => selection.choices["target-scale"] !== "own";

/** Half the axis of each network's panel. @param {Scene} scene */
function scalesOf(scene) {
  const own = targetsOf(scene).map((target) => reachOf(scene, target));
  return onOneScale(scene) ? own.map(() => Math.max(...own)) : own;
}

/** Middle and spread at the shown step. @param {Scene} scene @param {Target} target */
export function numbersOf(scene, { centroid, spread }) {
  const stream = scene.history.stream(centroid.stream);
  const slot = shownSlot(scene, centroid.stream);
  const [x, y, wide] = [centroid.offset, centroid.offset + 1, spread.offset].map((at) => stream.value(slot, at));
  return { x, y, distance: Math.hypot(x, y), spread: wide };
}

/**
 * Write points as small polygons, with a gap after each.
 * @param {Float32Array | undefined} row @param {number} offset @param {number} count @param {number} radius
 * @param {Shape} into @param {number} from
 */
function writePoints(row, offset, count, radius, into, from) {
  let at = from;
  for (let point = 0; point < count; point++) {
    const [x, y] = row ? [row[offset + 2 * point], row[offset + 2 * point + 1]] : [NaN, NaN];
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
function writeWay(stream, { centroid }, last, into) {
  const [x, y] = [stream.column(centroid.offset), stream.column(centroid.offset + 1)];
  const turns = Math.min(MOST_TURNS, last + 1);
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const slot = stream.order[turns > 1 ? Math.round((Math.min(turn, turns - 1) * last) / (turns - 1)) : 0];
    into.x[turn] = x[slot];
    into.y[turn] = y[slot];
  }
}

/**
 * What moves of one network.
 * @param {Scene} scene @param {Target} target @param {number} first trace @param {number} scale
 */
function shapesOf(scene, target, first, scale) {
  const { cloud } = target;
  const stream = scene.history.stream(cloud.stream);
  const count = cloud.size / 2;
  const size = count * (CORNERS + 2);
  const [start, ghosts, way, now] = LAYERS.map((name, i) =>
    emptyShape(first + i, name === "ghosts" ? GHOSTS.length * size : name === "way" ? MOST_TURNS : size),
  );
  const slot = shownSlot(scene, cloud.stream);
  if (slot < 0) return [start, ghosts, way, now];
  const rowAt = (/** @type {number} */ step) => stream.row(stream.slotAt(step)) ?? undefined;
  const radius = RADIUS * scale;
  const step = stream.steps[slot];
  const write = (/** @type {Shape} */ into, /** @type {number} */ at, /** @type {number} */ from, share = 1) =>
    writePoints(rowAt(at), cloud.offset, count, share * radius, into, from);
  write(start, stream.steps[stream.order[0]], 0);
  for (const [i, share] of GHOSTS.entries()) write(ghosts, share * step, i * size, 0.7);
  writeWay(stream, target, stream.position(step), way);
  write(now, step, 0, 1.3);
  return [start, ghosts, way, now];
}

/** @type {WeakMap<import("../stream/layout-index.js").LayoutIndex, {key: string, shapes: Shape[]}>} */
const known = new WeakMap();

/** What moves in every frame; made anew only where a frame has come or another step is shown. @param {Scene} scene */
export function movingShapes(scene) {
  const targets = targetsOf(scene);
  if (targets.length === 0) return [];
  const scales = drawnScales(scene);
  const stream = scene.history.stream(targets[0].cloud.stream);
  const key = [targetLayer(scene), shownSlot(scene, targets[0].cloud.stream), stream.epoch, ...scales].join();
  const before = known.get(scene.layoutIndex);
  if (before?.key === key) return before.shapes;
  const shapes = targets.flatMap((target, i) => shapesOf(scene, target, i * LAYERS.length, scales[i]));
  known.set(scene.layoutIndex, { key, shapes });
  return shapes;
}

/** @type {WeakMap<import("../stream/layout-index.js").LayoutIndex, {key: string, scales: number[]}>} */
const scalesKnown = new WeakMap();

/** The scales, found anew only where frames have come. @param {Scene} scene */
export function drawnScales(scene) {
  const [first] = targetsOf(scene);
  const key = [targetLayer(scene), onOneScale(scene), first && scene.history.stream(first.cloud.stream).count].join();
  const before = scalesKnown.get(scene.layoutIndex);
  if (before?.key === key) return before.scales;
  const scales = scalesOf(scene);
  scalesKnown.set(scene.layoutIndex, { key, scales });
  return scales;
}
