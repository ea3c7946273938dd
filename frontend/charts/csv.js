/** Tables as CSV files, which say themselves where they are not whole. */

import { printable } from "../app/printable.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").View} View */

/**
 * A cell: quoted where it must be; text that a spreadsheet would run is made text.
 * @param {string | number} value
 */
export function csvCell(value) {
  if (typeof value === "number") return Number.isNaN(value) ? "NaN" : String(value);
  const shown = printable(value);
  const text = /^\s*[=+\-@\t\r＝＋－＠]/.test(shown) ? `'${shown}` : shown;
  return /[",\n\r\t]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** @param {(string | number)[][]} table */
export const csv = (table) => `${table.map((row) => row.map(csvCell).join(",")).join("\n")}\n`;

/**
 * The name of a file that is made of a chart.
 * @param {Pick<Scene, "run">} scene
 * @param {Pick<View, "id">} view
 * @param {string} ending
 */
export const fileName = ({ run }, { id }, ending) => `${run.name || run.id} ${id}${ending}`.replace(/[^\w .-]+/g, "_");

/**
 * What a table lacks; empty where it is whole.
 * @param {View} view
 * @param {Scene} scene
 * @param {number} arrived the share of the run's frames that is in the page
 */
function lacking(view, scene, arrived) {
  const left = view.leftOut?.(scene) ?? 0;
  return [
    arrived < 1 && `${Math.floor(100 * arrived)}% of the run's frames had been loaded`,
    left > 0 && `${left} recorded frames are left out, which the page had let go; the run's recording holds them`,
  ].filter((one) => one !== false);
}

/**
 * A chart's table as a file. One that is not whole says so in its name and in its first line.
 * @param {View} view
 * @param {Scene} scene
 * @param {number} [arrived]
 * @returns {{name: string, text: string}}
 */
export function csvFile(view, scene, arrived = 1) {
  const lacks = lacking(view, scene, arrived);
  return {
    name: fileName(scene, view, lacks.length ? " partial.csv" : ".csv"),
    text: (lacks.length ? `# partial: ${lacks.join("; ")}\n` : "") + csv(view.table(scene)),
  };
}
