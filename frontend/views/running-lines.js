/** What the running and the batch statistics of the layer in focus are, and where they stand in the rows. */

import { focusLayer, shownSlot } from "./focus.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").Entry} Entry */
/** @typedef {{entry: Entry, column: number, row: number, kind: "batch" | "running"}} Line */

export const ROWS = ["mean", "variance"];

/** The networks that keep running statistics of the layer in focus: a column each. @param {Scene} scene */
export const columnsOf = (scene) =>
  scene.header.networks
    .map((network, index) => ({ network, index }))
    .filter(({ network }) =>
      scene.layoutIndex.find("running_mean", { network: network.name, layer: focusLayer(scene) }),
    );

/** @param {Scene} scene @returns {Line[]} */
export function linesOf(scene) {
  return columnsOf(scene).flatMap(({ network }, column) =>
    ROWS.flatMap((name, row) =>
      /** @type {const} */ (["batch", "running"]).flatMap((kind) => {
        const entry = scene.layoutIndex.find(`${kind}_${name}`, { network: network.name, layer: focusLayer(scene) });
        return entry ? [{ entry, column, row, kind }] : [];
      }),
    ),
  );
}

/** @param {Scene} scene @param {Entry} entry */
export function values(scene, entry) {
  const row = scene.history.stream(entry.stream).row(shownSlot(scene, entry.stream));
  const y = row
    ? Float64Array.from(row.subarray(entry.offset, entry.offset + entry.size))
    : new Float64Array(entry.size).fill(NaN);
  return { x: Float64Array.from(y, (_, channel) => channel), y };
}
