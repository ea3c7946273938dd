/** Loss and accuracy: on each batch as it is trained on, and on the training and test sets in evaluation mode. */

import { css, mix } from "../app/colors.js";
import { axisId, colorsOf } from "./common.js";
import { lineView } from "./lines.js";

/** @typedef {import("../types").Scene} Scene */

const QUANTITIES = [
  { quantity: "loss", row: 0, kind: "batch" },
  { quantity: "train_loss", row: 0, kind: "train" },
  { quantity: "test_loss", row: 0, kind: "test" },
  { quantity: "accuracy", row: 1, kind: "batch" },
  { quantity: "train_accuracy", row: 1, kind: "train" },
  { quantity: "test_accuracy", row: 1, kind: "test" },
];
const WIDTHS = /** @type {Record<string, number>} */ ({ batch: 1.1, train: 1.8, test: 2.4 });
const DOTS = [2, 3];

/** @param {Scene} scene */
function lines(scene) {
  const colors = colorsOf(scene);
  return scene.header.networks.flatMap((network, index) =>
    QUANTITIES.flatMap(({ quantity, row, kind }) => {
      const place = scene.places.find(quantity, { network: network.name });
      if (place?.size !== 1) return [];
      const pale = mix(colors[index], scene.theme.name === "light" ? [255, 255, 255] : [18, 22, 30], 0.45);
      return [
        {
          stream: place.stream,
          offset: place.offset,
          axes: `x${axisId("y", row)}`,
          column: 0,
          row,
          quantity,
          network: network.name,
          name: scene.t(`curve.${kind}`),
          color: css(kind === "batch" ? pale : colors[index]),
          width: WIDTHS[kind],
          ...(kind === "train" ? { dash: DOTS } : {}),
        },
      ];
    }),
  );
}

export const loss = lineView({
  id: "loss",
  rows: [
    { title: "quantity.loss", log: true },
    { title: "quantity.accuracy", share: true },
  ],
  lines,
  titles: () => [],
});
