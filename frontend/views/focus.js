/** What of a run is shown: the layer in focus, and the step. */

/** @typedef {import("../types").Scene} Scene */

/** Sites of the input to the nonlinearity, the nearest to it first. */
export const INPUT_SITES = ["pre_activation", "linear_output", "output"];

/**
 * The layers of a network that are compared with each other: its hidden ones. An output must move to learn anything.
 * @param {import("../types").NetworkInfo} network
 */
export const hiddenOf = ({ layers }) => (layers.length > 1 ? layers.slice(0, -1) : layers);

/** Asked for by every line of a chart. @type {WeakMap<import("../stream/layout-index.js").LayoutIndex, string>} */
const usualFocus = new WeakMap();

/**
 * The layer in focus: the chosen one, else the last hidden one that is normalized somewhere, else the last hidden one.
 * @param {Scene} scene
 * @returns {string}
 */
export function focusLayer(scene) {
  const layers = scene.layoutIndex.layers;
  if (scene.selection.layer !== null && layers.includes(scene.selection.layer)) return scene.selection.layer;
  let usual = usualFocus.get(scene.layoutIndex);
  if (usual === undefined) {
    const normalized = scene.header.networks.flatMap((network) =>
      network.layers.filter((layer) => layer.normalization).map(({ name }) => name),
    );
    const hidden = layers.slice(0, -1);
    usual = hidden.findLast((name) => normalized.includes(name)) ?? hidden.at(-1) ?? layers[0] ?? "";
    usualFocus.set(scene.layoutIndex, usual);
  }
  return usual;
}

/**
 * The slot of a stream that is shown: the newest, or the one at the chosen step.
 * @param {Scene} scene
 * @param {number} stream
 */
export const shownSlot = (scene, stream) => scene.history.stream(stream).slotAt(scene.selection.step);

/**
 * The number of an entry at the step that is shown; NaN before it has come.
 * @param {Scene} scene
 * @param {import("../types").Entry} entry
 */
export const valueShown = (scene, entry) =>
  scene.history.stream(entry.stream).value(shownSlot(scene, entry.stream), entry.offset);

/**
 * Whether figures are laid out alike for both: none depends on the step, which changes in every frame of a replay.
 * @param {import("../types").Selection | null} one @param {import("../types").Selection} other
 */
export const sameBesidesStep = (one, other) =>
  one === other ||
  (one !== null &&
    Object.entries(other).every(
      ([name, value]) => name === "step" || value === one[/** @type {keyof import("../types").Selection} */ (name)],
    ));
