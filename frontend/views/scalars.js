/** The learning rate of each parameter group, and whatever else a script logs by name: a row each, as units differ. */

import { css, shade } from "../app/colors.js";
import { colorsOf } from "./common.js";
import { networkLegend } from "./line-legend.js";
import { lineView, SMOOTHING, withMeans } from "./lines.js";
import { rowChoice, rowsShown } from "./row-choice.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("./line-figure.js").Line} Line */

/** Rows that have room; of more names a part is chosen. */
const MOST_ROWS = 5;
const PART = "scalars";
/** Of what is of no network, where it is smoothed. @type {Record<"light" | "dark", import("../app/colors.js").Rgb>} */
const INK = { light: [60, 66, 76], dark: [205, 210, 218] };

/**
 * Learning rates: of each network's groups, or that of the run.
 * @param {Scene} scene
 * @returns {Line[]}
 */
function rates(scene) {
  const { layoutIndex, header, t } = scene;
  const colors = colorsOf(scene);
  const one = layoutIndex.find("learning_rate");
  const groups = header.networks.flatMap((network, i) => {
    const entry = layoutIndex.find("group_learning_rate", { network: network.name });
    return Array.from({ length: entry?.size ?? 0 }, (_, group) => ({ network: network.name, i, group, entry }));
  });
  const base = { axes: "", column: 0, row: 0, quantity: "learning_rate", width: 1.5 };
  if (!groups.length) {
    const color = scene.theme.ink;
    return one ? [{ ...base, stream: one.stream, offset: one.offset, network: "", name: "", color }] : [];
  }
  return groups.map(({ network, i, group, entry }) => ({
    ...base,
    stream: entry?.stream ?? 0,
    offset: (entry?.offset ?? 0) + group,
    network,
    name: entry?.size === 1 ? "" : t("scalars.group", { number: group + 1 }),
    color: css(shade(colors[i], group, entry?.size ?? 1, scene.theme.name)),
  }));
}

/** What was logged, by name; of one name there may be one of each network. @param {Scene} scene */
function named({ events }) {
  /** @type {Map<string, {number: number, network: string}[]>} */
  const names = new Map();
  for (const { kind, message, network, value } of events) {
    if (kind !== "scalar" || !value || typeof value !== "object" || !("number" in value)) continue;
    const known = names.get(message) ?? [];
    names.set(message, [...known, { number: Number(value.number), network }]);
  }
  return [...names];
}

/** The names that have rows now: the first ones, or those from the chosen one on. @param {Scene} scene */
const shown = (scene) => rowsShown(scene, PART, named(scene), MOST_ROWS);

/** Smoothed where that was chosen: most names come seldom, as once an epoch. @param {Scene} scene @returns {Line[]} */
function logged(scene) {
  const lines = asLogged(scene);
  return scene.selection.choices[SMOOTHING] ? withMeans(scene, lines) : lines;
}

/** @param {Scene} scene @returns {Line[]} */
function asLogged(scene) {
  const colors = colorsOf(scene);
  const networks = scene.header.networks.map(({ name }) => name);
  return shown(scene).flatMap(([name, series], i) =>
    series.flatMap(({ number, network }) => {
      const stream = scene.history.scalar(number);
      const of = networks.indexOf(network);
      if (stream === null) return [];
      return [
        {
          stream,
          offset: 0,
          axes: "",
          column: 0,
          row: i + 1,
          quantity: name,
          what: name,
          network,
          name: "",
          color: of < 0 ? scene.theme.ink : css(colors[of]),
          rgb: colors[of] ?? INK[scene.theme.name],
          width: 1.5,
        },
      ];
    }),
  );
}

export const scalars = lineView({
  id: "scalars",
  size: "wide",
  choices: [PART],
  rows: (scene) => [
    { title: "quantity.learning_rate", zero: true },
    ...shown(scene).map(([name]) => ({ title: name })),
  ],
  lines: (scene) => [...rates(scene), ...logged(scene)],
  titles: () => [],
  key: (scene) =>
    shown(scene)
      .map(([name]) => name)
      .join("|"),
  legend: (scene) =>
    scene.header.networks.length > 1 && [...rates(scene), ...logged(scene)].some(({ network }) => network)
      ? networkLegend(scene)
      : [],
  controls: (scene) => {
    const names = named(scene).map(([name]) => name);
    return rowChoice(scene, PART, names, MOST_ROWS);
  },
});
