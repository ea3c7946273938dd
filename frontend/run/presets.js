/** Runs to begin with, each of which changes one or two things of the default run; the server knows the rest. */

import { h } from "../app/dom.js";

/** @typedef {{id: string, config: Record<string, any>}} Preset its texts are `preset.<id>` and `preset.<id>.text` */

/** @type {Preset[]} */
const PRESETS = [
  { id: "deep", config: { network: { depth: 20, width: 32 } } },
  { id: "sigmoid", config: { network: { activation: "sigmoid" } } },
  { id: "fast", config: { optimizer: { kind: "sgd", learning_rate: 2 } } },
  { id: "small_batch", config: { batch_size: 4 } },
  { id: "convolution", config: { network: { kind: "cnn" }, batch_size: 32 } },
];

/**
 * The presets as buttons: one click starts.
 * @param {import("../types").Translate} t
 * @param {(config: Record<string, any>) => void} start
 */
export const presetList = (t, start) =>
  h(
    "ul",
    { class: "presets", "data-needs": "start", "aria-label": t("welcome.presets") },
    ...PRESETS.map(({ id, config }) =>
      h(
        "li",
        {},
        h(
          "button",
          { type: "button", "data-preset": id, on: { click: () => start(config) } },
          h("strong", {}, t(`preset.${id}`)),
          h("span", {}, t(`preset.${id}.text`)),
        ),
      ),
    ),
  );
