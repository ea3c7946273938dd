/** Loss and accuracy: on each batch as it is trained on, and on the training and test sets in evaluation mode. */

import { css, dashOf, mix } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { axisId, colorsOf } from "./common.js";
import { valueShown } from "./focus.js";
import { networkLegend } from "./line-legend.js";
import { lineView, withMeans } from "./lines.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("./line-figure.js").Line} Line */
/** @typedef {import("../types").LegendItem} LegendItem */

const QUANTITIES = [
  { quantity: "loss", row: 0, kind: "batch" },
  { quantity: "train_loss", row: 0, kind: "train" },
  { quantity: "test_loss", row: 0, kind: "test" },
  { quantity: "accuracy", row: 1, kind: "batch" },
  { quantity: "train_accuracy", row: 1, kind: "train" },
  { quantity: "test_accuracy", row: 1, kind: "test" },
];
const WIDTHS = /** @type {Record<string, number>} */ ({ batch: 1, train: 1.2, test: 2.6 });
/**
 * How lines of a kind look in the legend.
 * @type {(Omit<LegendItem, "text"> & {kind: string, color: "faint" | "ink"})[]}
 */
const STYLES = [
  { kind: "batch", color: "faint", width: 1 },
  { kind: "train", color: "ink", width: 1.2 },
  { kind: "test", color: "ink", width: 2.6 },
];

/** Those that have come: a script need not give its loss, nor evaluate. @param {Scene} scene */
function recorded(scene) {
  const colors = colorsOf(scene);
  return scene.header.networks.flatMap((network, index) =>
    QUANTITIES.flatMap(({ quantity, row, kind }) => {
      const entry = scene.layoutIndex.find(quantity, { network: network.name });
      if (entry?.size !== 1 || scene.history.stream(entry.stream).count === 0) return [];
      const pale = mix(colors[index], scene.theme.name === "light" ? [255, 255, 255] : [18, 22, 30], 0.45);
      return [
        {
          stream: entry.stream,
          offset: entry.offset,
          axes: `x${axisId("y", row)}`,
          column: 0,
          row,
          quantity,
          kind,
          network: network.name,
          name: scene.t(`curve.${kind}`),
          rgb: colors[index],
          color: css(kind === "batch" ? pale : colors[index]),
          width: WIDTHS[kind],
          ...(kind === "batch" ? {} : { dash: dashOf(index) }),
        },
      ];
    }),
  );
}

/** @param {{kind: string}[]} lines */
const isEvaluated = (lines) => lines.some(({ kind }) => kind !== "batch");

/**
 * The same; where nothing was evaluated, the batches' lines are all there is: as strong as others, and smoothed.
 * @param {Scene} scene @returns {Line[]}
 */
function lines(scene) {
  const all = recorded(scene);
  if (isEvaluated(all)) return all;
  return withMeans(
    scene,
    all.map((line) => ({ ...line, color: css(line.rgb), width: 1.5 })),
  );
}

/** How the kinds that are there are told apart; one alone needs none. @param {{kind: string}[]} all */
const stylesOf = (all) =>
  isEvaluated(all) ? STYLES.filter(({ kind }) => all.some((line) => line.kind === kind)) : [];

/** How many values are no numbers any more. @param {Scene} scene @param {string} network */
function nonfiniteText(scene, network) {
  const entry = scene.layoutIndex.find("nonfinite_count", { network });
  const count = entry ? valueShown(scene, entry) : 0;
  return count > 0
    ? scene.t("nonfinite", { network: named(network, scene.t), count: count.toLocaleString(scene.t("locale")) })
    : "";
}

/** Where to log it: the network's loss, by the name that it usually has. */
const LINE = "scope.log(loss=loss)";
/** @param {Scene} scene */
const linesOf = ({ header }) =>
  `scope.log(loss={${header.networks.map(({ name }, i) => `${JSON.stringify(name)}: loss_${i + 1}`).join(", ")}})`;

export const loss = lineView({
  id: "loss",
  missing: (scene) =>
    scene.run.source === "script"
      ? { text: scene.t("loss.missing"), code: scene.header.networks.length > 1 ? linesOf(scene) : LINE }
      : null,
  rows: [
    { title: "quantity.loss", log: true },
    { title: "quantity.accuracy", share: true },
  ],
  lines,
  key: (scene) => String(lines(scene).length),
  titles: () => [],
  legend: (scene) => [
    ...networkLegend(scene),
    ...stylesOf(recorded(scene)).map(({ kind, color, ...style }) => ({
      text: scene.t(`curve.${kind}`),
      colors: [scene.theme[color]],
      ...style,
    })),
  ],
  badge: (scene) =>
    scene.header.networks
      .map((network) => nonfiniteText(scene, network.name))
      .filter(Boolean)
      .join("; "),
});
