/** What is said of a point of a ridge: how dense its layer's values are there, and which share lies below. */

import { frameOf, inSigmas, ridgesOf, rowsOf } from "./ridge-shapes.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").Hover} Hover */
/** @typedef {import("./ridge-shapes.js").Ridge} Ridge */
/** @typedef {import("./ridge-shapes.js").Frame} Frame */

/** Reads a row's density and the share below, one ascending value after the other. */
class Reader {
  /** @param {Ridge} ridge @param {Float32Array} row */
  constructor({ histogram, range, outside }, row) {
    this.row = row;
    this.from = histogram.offset;
    this.bins = histogram.size;
    this.low = row[range.offset];
    this.width = (row[range.offset + 1] - this.low) / this.bins;
    /** the share below the first bin that is not counted whole yet */
    this.below = outside ? row[outside.offset] : 0;
    this.bin = 0;
  }

  /** Density by value, and the share below it. @param {number} value @returns {[number, number]} */
  at(value) {
    const place = (value - this.low) / this.width;
    while (this.bin < this.bins && this.bin + 1 <= place) this.below += this.row[this.from + this.bin++];
    const inside = place >= 0 && this.bin < this.bins;
    const share = inside ? this.row[this.from + this.bin] : 0;
    return [share / this.width, this.below + (inside ? share * (place - this.bin) : 0)];
  }
}

/**
 * For each point of a ridge's outline: density and share below, now and at the compared step, and the value there. The
 * density is by unit of the axis.
 * @param {Ridge} ridge @param {Frame} frame @param {Float32Array} now @param {Float32Array} compared
 * @returns {number[][]}
 */
export function pointNumbers(ridge, frame, now, compared) {
  const readers = [new Reader(ridge, now), new Reader(ridge, compared)];
  const { low, width, bins } = readers[0];
  return Array.from({ length: bins + 2 }, (_, i) => {
    const value = low + (Math.min(Math.max(i - 1, 0), bins - 1) + 0.5) * width;
    const numbers = readers.flatMap((reader) => reader.at(value));
    return [numbers[0] * frame.unit, numbers[1], numbers[2] * frame.unit, numbers[3], value];
  });
}

/** The numbers of all ridges' shapes as they are now. @param {Scene} scene @returns {Hover[]} */
export const hoverNumbers = (scene) =>
  ridgesOf(scene).flatMap((ridge, i) => {
    const rows = rowsOf(scene, ridge);
    if (!rows) return [];
    const frame = frameOf(scene, ridge, rows.compared);
    return [{ trace: 2 * i, numbers: pointNumbers(ridge, frame, rows.now, rows.compared) }];
  });

/**
 * The words around the numbers, as a template.
 * @param {Scene} scene
 * @param {string} heading
 * @param {number} compared the step of the outline
 */
export function hoverTemplate(scene, heading, compared) {
  const { t } = scene;
  const density = inSigmas(scene) ? "ridge.density.sigma" : "ridge.density";
  const numbers = (/** @type {number} */ first) =>
    t(density, { density: `%{customdata[${first}]:.3f}`, below: `%{customdata[${first + 1}]:.1%}` });
  const place = inSigmas(scene) ? `%{x:.3g}${t("ridge.sigma")} · ` : "";
  return [
    `<b>${heading}</b>`,
    `${place}${t("ridge.value", { value: "%{customdata[4]:.4g}" })}`,
    `${t("legend.now")}: ${numbers(0)}`,
    `${t("legend.outline", { step: compared })}: ${numbers(2)}<extra></extra>`,
  ].join("<br>");
}
