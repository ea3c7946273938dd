/** What probes of somebody's own found at each layer: a row for each quantity that is a number, or a few of them. */

import { css, dashOf, shade } from "../app/colors.js";
import { axisId, colorsOf } from "./common.js";
import { lineView } from "./lines.js";
import { rowChoice, rowsShown } from "./row-choice.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").Entry} Entry */
/** @typedef {import("./line-figure.js").Line} Line */

/** The streams of Shiftscope's own (tests/probes/test_own_chart.py): any other is that of somebody's probe. */
const OURS = new Set(
  (
    "steps layers evaluation cost drift batch_drift gradient_shift sampling_shift landscape channels parameters " +
    "attention followed input_cloud logged_loss logged_accuracy scalars replicas"
  ).split(" "),
);
/** Rows that have room; of more quantities a part is chosen. */
const MOST_ROWS = 3;
/** Of an array, each value has a line if they are no more. */
const MOST_VALUES = 8;
const PART = "own_probes";

/** What there is to be drawn, by the names of quantities. @param {Scene} scene */
function found({ layoutIndex }) {
  const streams = layoutIndex.header.layouts.filter(({ name }) => !OURS.has(name)).map(({ stream }) => stream);
  /** @type {Map<string, Entry[]>} */
  const quantities = new Map();
  if (!streams.length) return quantities;
  for (const entry of layoutIndex.byKey.values()) {
    if (!streams.includes(entry.stream) || entry.size < 1 || entry.size > MOST_VALUES) continue;
    quantities.set(entry.quantity, [...(quantities.get(entry.quantity) ?? []), entry]);
  }
  return quantities;
}

/** The quantities that have rows now: the first ones, or those from the chosen one on. @param {Scene} scene */
const shown = (scene) => rowsShown(scene, PART, [...found(scene)], MOST_ROWS);

/** How a quantity is called. @param {string} quantity */
const titleOf = (quantity) => `quantity.${quantity}`;

/** @param {Scene} scene @returns {Line[]} */
const lines = (scene) =>
  shown(scene).flatMap(([quantity, entries], row) => {
    const placeOf = (/** @type {Entry} */ { network, layer }) => JSON.stringify([network, layer]);
    /** @type {Map<string, Entry[]>} */
    const places = new Map();
    for (const entry of entries) {
      const known = places.get(placeOf(entry));
      if (known) known.push(entry);
      else places.set(placeOf(entry), [entry]);
    }
    return entries.flatMap((entry) => {
      const { layer, site, size } = entry;
      const sites = places.get(placeOf(entry)) ?? [];
      return Array.from({ length: size }, (_, at) => ({
        ...drawn(scene, entry),
        row,
        quantity,
        offset: entry.offset + at,
        name: [layer, sites.length > 1 ? site : "", size > 1 ? at + 1 : ""].filter(Boolean).join(" · "),
        dash: dashOf(sites.indexOf(entry) + at),
      }));
    });
  });

/** A line's place and looks, by the network and the layer that it is of. @param {Scene} scene @param {Entry} entry */
function drawn(scene, { stream, network, layer }) {
  const { header, selection, theme } = scene;
  const column = Math.max(
    0,
    header.networks.findIndex(({ name }) => name === network),
  );
  const { layers } = header.networks[column];
  const depth = layers.findIndex(({ name }) => name === layer);
  const rgb = shade(colorsOf(scene)[column], Math.max(0, depth), layers.length, theme.name);
  const focused = depth >= 0 && selection.layer === layer;
  return {
    stream,
    network,
    column,
    axes: axisId("x", column) + axisId("y", 0),
    rgb,
    color: network ? css(rgb, depth < 0 || selection.layer === null || focused ? 1 : 0.35) : theme.ink,
    width: focused ? 2.8 : 1.5,
    ...(depth < 0 ? {} : { layer }),
  };
}

export const ownProbes = lineView({
  id: "own_probes",
  size: "wide",
  choices: [PART],
  rows: (scene) => shown(scene).map(([quantity]) => ({ title: titleOf(quantity) })),
  lines,
  key: (scene) =>
    shown(scene)
      .map(([quantity]) => quantity)
      .join("|"),
  controls: (scene) => rowChoice(scene, PART, [...found(scene).keys()], MOST_ROWS, (name) => scene.t(titleOf(name))),
});
