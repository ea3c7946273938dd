/** The line views, quantity by quantity. */

import { css, mix } from "../app/colors.js";
import { axisId, colorsOf } from "./common.js";
import { focusLayer, INPUT_SITES } from "./focus.js";
import { layerLines, lineView } from "./lines.js";

/** @typedef {import("../types").Scene} Scene */

/** Mean and standard deviation of the input to the nonlinearity, layer by layer. */
export const moments = lineView({
  id: "moments",
  rows: [{ title: "quantity.mean" }, { title: "quantity.std", zero: true }],
  lines: (scene) => [...layerLines(scene, 0, ["mean"], INPUT_SITES), ...layerLines(scene, 1, ["std"], INPUT_SITES)],
});

/** Norm of the gradient of all of a layer's parameters together. */
export const gradients = lineView({
  id: "gradients",
  rows: [{ title: "quantity.gradient_norm", log: true }],
  lines: (scene) => layerLines(scene, 0, ["gradient_norm"], [""], true),
});

/** Units that no longer pass gradient on: saturated (sigmoid, tanh) or zero (ReLU). */
export const units = lineView({
  id: "units",
  rows: [
    { title: "quantity.saturated_fraction", zero: true },
    { title: "quantity.zero_fraction", zero: true },
    { title: "quantity.dead_fraction", zero: true },
  ],
  lines: (scene) => [
    ...layerLines(scene, 0, ["saturated_fraction"], ["output", "pre_activation"]),
    ...layerLines(scene, 1, ["zero_fraction"], ["output"]),
    ...layerLines(scene, 2, ["dead_fraction"], ["output"]),
  ],
});

/** Size of one update over the size of the weights. */
export const updates = lineView({
  id: "updates",
  rows: [{ title: "quantity.update_ratio", log: true }],
  lines: (scene) => layerLines(scene, 0, ["update_ratio"], ["weight"], true),
});

/** Covariate shift as the gradient feels it (Santurkar et al. 2018). */
export const gradientShift = lineView({
  id: "gradient_shift",
  rows: [{ title: "quantity.l2", log: true }, { title: "quantity.cosine" }],
  lines: (scene) => [
    ...layerLines(scene, 0, ["l2"], ["weight"], true),
    ...layerLines(scene, 1, ["cosine"], ["weight"], true),
  ],
});

/** Difference of two batches at the same weights: what some call shift, and is noise. */
export const sampling = lineView({
  id: "sampling",
  rows: [{ title: "quantity.sampling", zero: true }],
  lines: (scene) => layerLines(scene, 0, ["wasserstein_over_sigma"], INPUT_SITES, true),
});

/**
 * One line a network of a quantity of the whole network; of a list of numbers, the one at coordinate 1, else the
 * first.
 * @param {Scene} scene @param {number} row @param {string} quantity
 */
function networkLines(scene, row, quantity) {
  const colors = colorsOf(scene);
  return scene.header.networks.flatMap((network, index) => {
    const place = scene.places.find(quantity, { network: network.name });
    if (!place) return [];
    const at = Math.max(0, place.coordinates?.indexOf(1) ?? 0);
    return [
      {
        stream: place.stream,
        offset: place.offset + at,
        axes: `x${axisId("y", row)}`,
        column: 0,
        row,
        network: network.name,
        name: scene.t(`quantity.${quantity}`),
        color: css(colors[index]),
        width: 1.8,
      },
    ];
  });
}

const LANDSCAPE = ["landscape_variation", "gradient_predictiveness", "effective_smoothness"];

/** How rough the loss is along the gradient (Santurkar et al. 2018, figure 4). */
export const landscape = lineView({
  id: "landscape",
  rows: LANDSCAPE.map((quantity) => ({ title: `quantity.${quantity}`, log: true })),
  lines: (scene) => LANDSCAPE.flatMap((quantity, row) => networkLines(scene, row, quantity)),
  titles: () => [],
});

const COSTS = ["rgb(110, 118, 135)", "rgb(170, 120, 60)", "rgb(60, 140, 120)", "rgb(140, 100, 170)"];
const MEASURES_OF_COST = ["milliseconds", "percent"];

/** One line a probe, told apart when pointed at; the sum of all stands out. @param {Scene} scene */
function costLines(scene) {
  const entries = scene.header.layouts.find((one) => one.name === "cost")?.entries ?? [];
  const sites = [...new Set(entries.map((entry) => entry.site))];
  return entries
    .filter((entry) => entry.shape.length === 0 && MEASURES_OF_COST.includes(entry.quantity))
    .map((entry) => ({
      stream: scene.places.stream("cost") ?? 0,
      offset: entry.offset,
      axes: "xy",
      column: 0,
      row: MEASURES_OF_COST.indexOf(entry.quantity),
      network: entry.network,
      name: scene.t(`probe.${entry.site}`),
      ...(entry.site === "total"
        ? { color: scene.theme.ink, width: 2.4 }
        : { color: COSTS[sites.indexOf(entry.site) % COSTS.length], width: 1.1 }),
    }));
}

/** What the scope itself costs. */
export const cost = lineView({
  id: "cost",
  rows: [
    { title: "quantity.milliseconds", log: true },
    { title: "quantity.percent", log: true },
  ],
  lines: costLines,
  titles: () => [],
});

/** @param {Scene} scene */
function lossLines(scene) {
  const colors = colorsOf(scene);
  return scene.header.networks.flatMap((network, index) =>
    LOSS.flatMap(({ quantity, row, kind }) => {
      const place = scene.places.find(quantity, { network: network.name });
      if (place?.size !== 1) return [];
      const rgb =
        kind === "batch"
          ? mix(colors[index], scene.theme.name === "light" ? [255, 255, 255] : [18, 22, 30], 0.45)
          : colors[index];
      return [
        {
          stream: place.stream,
          offset: place.offset,
          axes: `x${axisId("y", row)}`,
          column: 0,
          row,
          network: network.name,
          color: css(rgb),
          width: kind === "test" ? 2.4 : kind === "train" ? 1.8 : 1.1,
          name: scene.t(`curve.${kind}`),
          ...(kind === "train" ? { dash: [2, 3] } : {}),
        },
      ];
    }),
  );
}

const LOSS = [
  { quantity: "loss", row: 0, kind: "batch" },
  { quantity: "train_loss", row: 0, kind: "train" },
  { quantity: "test_loss", row: 0, kind: "test" },
  { quantity: "accuracy", row: 1, kind: "batch" },
  { quantity: "train_accuracy", row: 1, kind: "train" },
  { quantity: "test_accuracy", row: 1, kind: "test" },
];

/** Loss and accuracy: on each batch as it is trained on, and on the training and test sets in evaluation mode. */
export const loss = lineView({
  id: "loss",
  rows: [{ title: "quantity.loss", log: true }, { title: "quantity.accuracy" }],
  lines: lossLines,
  titles: () => [],
});

/**
 * One line a channel of the layer in focus, in each network that has the quantity.
 * @param {Scene} scene
 * @param {number} row
 * @param {string} quantity
 */
function channelLines(scene, row, quantity) {
  const layer = focusLayer(scene);
  const colors = colorsOf(scene);
  let column = -1;
  return scene.header.networks.flatMap((network, index) => {
    const place = scene.places.first([quantity], { network: network.name, layer }, ["", quantity]);
    if (!place) return [];
    column++;
    return Array.from({ length: Math.min(place.size, MOST_CHANNELS) }, (_, channel) => ({
      stream: place.stream,
      offset: place.offset + channel,
      axes: axisId("x", column) + axisId("y", row),
      column,
      row,
      many: true,
      network: network.name,
      name: `${quantity}[${channel}]`,
      width: scene.look.unit === channel ? 2.6 : 0.9,
      color: css(colors[index], scene.look.unit === null ? 0.55 : scene.look.unit === channel ? 1 : 0.2),
    }));
  });
}

const MOST_CHANNELS = 128;

/** Names of the networks that learn a scale and a shift in the layer in focus. @param {Scene} scene */
const affineNetworks = (scene) =>
  scene.header.networks
    .filter((network) =>
      scene.places.first(["gamma"], { network: network.name, layer: focusLayer(scene) }, ["", "gamma"]),
    )
    .map((network) => network.name);

/** What batch norm learned: gamma and beta of every channel of the layer in focus. */
export const affine = lineView({
  id: "affine",
  rows: [{ title: "quantity.gamma" }, { title: "quantity.beta" }],
  lines: (scene) => [...channelLines(scene, 0, "gamma"), ...channelLines(scene, 1, "beta")],
  titles: affineNetworks,
  key: (scene) => `${focusLayer(scene)}|${scene.look.unit}`,
});
