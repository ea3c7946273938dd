/**
 * Data-parallel training: what each replica's share of a batch brings to a unit's normalization, beside what all
 * shares together do, and how far the layer's means differ from replica to replica.
 */

import { css, shade } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { axisId, colorsOf } from "./common.js";
import { unitField } from "./controls.js";
import { focusLayer } from "./focus.js";
import { lineView } from "./lines.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("./line-figure.js").Line} Line */

const STATISTICS = ["mean", "std"];
const SPREAD_ROW = STATISTICS.length;
const DOTS = [2, 3];

/**
 * What is recorded of a network's layer in focus.
 * @param {Scene} scene @param {string} network @param {string} quantity
 */
const found = (scene, network, quantity) => scene.layoutIndex.find(quantity, { network, layer: focusLayer(scene) });

/** The unit in focus; the last one where there are fewer. @param {Scene} scene @param {number} count */
const unitOf = (scene, count) => Math.min(scene.selection.unit ?? 0, count - 1);

/**
 * The networks whose replicas are recorded at that layer, and which they are of all: the others have no column.
 * @param {Scene} scene
 */
const measured = (scene) =>
  scene.header.networks
    .map(({ name }, index) => ({ name, index }))
    .filter(({ name }) => found(scene, name, "replica_mean") || found(scene, name, "replica_spread"));

/** How many units the layer in focus has. @param {Scene} scene */
const unitsOf = (scene) =>
  Math.max(0, ...scene.header.networks.map(({ name }) => found(scene, name, "joined_mean")?.size ?? 0));

/** Whether chance is known for the layer in focus: not where a mean is over positions too. @param {Scene} scene */
const hasChance = (scene) => scene.header.networks.some(({ name }) => found(scene, name, "replica_chance"));

/** The most replicas of a network. @param {Scene} scene */
const replicasOf = (scene) =>
  Math.max(0, ...scene.header.networks.map(({ name }) => found(scene, name, "replica_mean")?.shape[0] ?? 0));

/**
 * The colour of a replica.
 * @param {Scene} scene @param {number} index of its network @param {number} rank @param {number} of
 */
const replicaColor = (scene, index, rank, of) => css(shade(colorsOf(scene)[index], rank, of, scene.theme.name));

/**
 * A unit's lines of one statistic: each replica's, and over them the joined batch's.
 * @param {Scene} scene @param {{name: string, index: number}} network @param {number} column @param {number} row
 * @returns {Line[]}
 */
function ofUnit(scene, { name: network, index }, column, row) {
  const each = found(scene, network, `replica_${STATISTICS[row]}`);
  const joined = found(scene, network, `joined_${STATISTICS[row]}`);
  if (!each || !joined) return [];
  const [of, units] = each.shape;
  const unit = unitOf(scene, units);
  const base = { axes: axisId("x", column) + axisId("y", row), column, row, network };
  return [
    ...Array.from({ length: of }, (_, rank) => ({
      ...base,
      stream: each.stream,
      offset: each.offset + rank * units + unit,
      quantity: each.quantity,
      name: scene.t("replicas.replica", { rank }),
      color: replicaColor(scene, index, rank, of),
      width: 1.1,
    })),
    {
      ...base,
      stream: joined.stream,
      offset: joined.offset + unit,
      quantity: joined.quantity,
      name: scene.t("replicas.joined"),
      color: scene.theme.ink,
      width: 2.2,
    },
  ];
}

/**
 * How far the means differ over all units, and by chance.
 * @param {Scene} scene @param {{name: string, index: number}} network @param {number} column
 */
function spreads(scene, { name: network, index }, column) {
  const styles = [
    { quantity: "replica_spread", name: "replicas.spread", color: css(colorsOf(scene)[index]), width: 1.5 },
    { quantity: "replica_chance", name: "replicas.chance", color: scene.theme.ink, width: 1.4, dash: DOTS },
  ];
  const axes = axisId("x", column) + axisId("y", SPREAD_ROW);
  return styles.flatMap(({ name, ...style }) => {
    const entry = found(scene, network, style.quantity);
    if (!entry) return [];
    const { stream, offset } = entry;
    return [{ ...style, stream, offset, axes, column, row: SPREAD_ROW, network, name: scene.t(name) }];
  });
}

export const replicas = lineView({
  id: "replicas",
  size: "wide",
  rows: [
    { title: "quantity.mean", own: true },
    { title: "quantity.std", zero: true, own: true },
    { title: "replicas.means", zero: true },
  ],
  lines: (scene) =>
    measured(scene).flatMap((network, column) => [
      ...STATISTICS.flatMap((_, row) => ofUnit(scene, network, column, row)),
      ...spreads(scene, network, column),
    ]),
  titles: (scene) =>
    measured(scene).map(({ name }) => ({
      network: name,
      text: [name, focusLayer(scene) ?? ""].map((text) => named(text, scene.t)).join(" · "),
    })),
  key: (scene) => [focusLayer(scene), scene.selection.unit].join("|"),
  controls: (scene) => [unitField(scene, unitsOf(scene))],
  legend: (scene) => {
    const of = replicasOf(scene);
    const shades = measured(scene).map(({ index }) =>
      Array.from({ length: of }, (_, rank) => replicaColor(scene, index, rank, of)),
    );
    return [
      ...shades.map((colors, i) => ({
        text: i === shades.length - 1 ? scene.t("replicas.each", { last: of - 1 }) : "",
        colors,
        width: 4,
      })),
      { text: scene.t("replicas.joined"), colors: [scene.theme.ink], width: 2.2 },
      ...(hasChance(scene)
        ? [{ text: scene.t("replicas.chance"), colors: [scene.theme.ink], dash: /** @type {const} */ ("dot") }]
        : []),
    ];
  },
  pick: (_scene, point) => ({ step: point.customdata[2] }),
});
