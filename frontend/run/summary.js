/** The summary of a run: in words, of each network, what its charts show at this step. */

import { css } from "../app/colors.js";
import { byId, h, setText } from "../app/dom.js";
import { happeningsOf } from "../app/happenings.js";
import { named } from "../app/i18n.js";
import { brief } from "../app/numbers.js";
import { colorsOf } from "../views/common.js";
import { shownSlot, valueShown } from "../views/focus.js";
import { farthest, movedByName } from "../views/ridge-numbers.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").Entry} Entry */

/** Less than frames go on after the last news, so that these are told. */
const EVERY = 250;

/**
 * Whether something of it has come.
 * @param {Scene} scene
 * @param {Entry | undefined} entry
 * @returns {entry is Entry}
 */
const has = (scene, entry) => entry !== undefined && entry.size === 1 && shownSlot(scene, entry.stream) >= 0;

/**
 * The layer that moved farthest from the compared step: the number that stands at its ridge, by its name.
 * @param {Scene} scene
 * @param {number} column
 */
function movedOf(scene, column) {
  const moved = farthest(scene, column);
  return moved
    ? [
        scene.t("run_summary.drift", {
          layer: named(moved.layer, scene.t),
          drift: moved.text,
          quantity: movedByName(scene),
        }),
      ]
    : [];
}

/**
 * The norms of the gradients of the first and the last layer, as their chart shows them.
 * @param {Scene} scene
 * @param {import("../types").NetworkInfo} network
 */
function gradientsOf(scene, network) {
  const entries = network.layers
    .map(({ name }) => scene.layoutIndex.find("gradient_norm", { network: network.name, layer: name }))
    .filter((entry) => has(scene, entry));
  if (entries.length < 2) return [];
  const [first, last] = [entries[0], entries[entries.length - 1]];
  return [
    scene.t("run_summary.gradients", {
      first: named(first.layer, scene.t),
      from: brief(valueShown(scene, first)),
      last: named(last.layer, scene.t),
      to: brief(valueShown(scene, last)),
    }),
  ];
}

/** @param {Scene} scene @param {import("../types").NetworkInfo} network */
function accuracyOf(scene, network) {
  const entry = scene.layoutIndex.find("test_accuracy", { network: network.name });
  const accuracy = entry ? valueShown(scene, entry) : NaN;
  return Number.isFinite(accuracy) ? [scene.t("run_summary.accuracy", { percent: (100 * accuracy).toFixed(1) })] : [];
}

/** Recorded counts, so far, of what no plain step is, and what they are called where there are any. */
const ODD_STEPS = [
  ["skipped_updates", "run_summary.skipped"],
  ["unseen_updates", "run_summary.unseen"],
  ["failed_passes", "run_summary.failed"],
];

/**
 * What a network's steps were made of, where that is not a batch and an update each.
 * @param {Scene} scene
 * @param {import("../types").NetworkInfo} network
 */
function stepsOf(scene, network) {
  const shown = (/** @type {string} */ quantity) => {
    const entry = scene.layoutIndex.find(quantity, { network: network.name });
    return has(scene, entry) ? valueShown(scene, entry) : 0;
  };
  const count = (/** @type {number} */ value) => value.toLocaleString(scene.t("locale"));
  const microBatches = shown("micro_batches");
  return [
    ...(microBatches > 1 ? [scene.t("run_summary.micro_batches", { count: count(microBatches) })] : []),
    ...ODD_STEPS.flatMap(([quantity, text]) => {
      const found = shown(quantity);
      return found > 0 ? [scene.t(text, { count: count(found) })] : [];
    }),
  ];
}

/** What is said of each network. @param {Scene} scene @returns {string[]} */
export const runSummaryOf = (scene) =>
  scene.header.networks.map((network, column) =>
    [
      ...movedOf(scene, column),
      ...gradientsOf(scene, network),
      ...accuracyOf(scene, network),
      ...stepsOf(scene, network),
    ].join(" · "),
  );

/** What stands beside a story: how many steps were no plain ones. @param {Scene} scene @returns {string[]} */
const oddStepsOf = (scene) => scene.header.networks.map((network) => stepsOf(scene, network).join(" · "));

export function makeRunSummary() {
  const root = byId("run-summary");
  let drawn = -Infinity;
  /** @type {import("../types").Selection | null} */
  let selection = null;
  let key = "";
  /** @type {HTMLElement[]} */
  let texts = [];

  /** Called in every frame. @param {Scene} scene @param {number} now */
  function follow(scene, now) {
    if (now - drawn < EVERY && scene.selection === selection) return;
    drawn = now;
    selection = scene.selection;
    const { networks } = scene.header;
    const wanted = [scene.run.id, scene.t("locale"), scene.theme.name].join("|");
    if (wanted !== key) {
      key = wanted;
      const colors = colorsOf(scene);
      texts = networks.map(() => h("span", {}));
      root.replaceChildren(
        ...networks.map(({ name }, i) =>
          h("p", {}, h("i", { style: `background: ${css(colors[i])}` }), h("b", {}, named(name, scene.t)), texts[i]),
        ),
      );
    }
    const told = happeningsOf(scene.events).length > 0;
    for (const [i, text] of (told ? oddStepsOf(scene) : runSummaryOf(scene)).entries()) {
      setText(texts[i], text);
      if (texts[i].parentElement) texts[i].parentElement.hidden = told && text === "";
    }
  }

  return { follow };
}
