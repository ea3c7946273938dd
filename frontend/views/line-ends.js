/** What stands at the ends of lines that are too many to be told apart by their shades: names of their layers. */

import { named } from "../app/i18n.js";
import { positionsShown } from "./run-axis.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").End} End */
/** @typedef {import("./line-figure.js").Line} Line */

/** Of more lines on one pair of axes than these, the first and the last are named. */
const MANY = 6;

/**
 * The last value that is drawn of a line, and where: of a running mean, the mean of the last values.
 * @param {Scene} scene @param {Line} line
 */
function lastOf(scene, line) {
  const stream = scene.history.stream(line.stream);
  const column = stream.column(line.offset);
  const last = positionsShown(scene, line)[1] - 1;
  let [sum, count] = [0, 0];
  for (let position = last; position >= 0 && count < (line.smooth ?? 1); position--) {
    const value = column[stream.order[position]];
    if (Number.isFinite(value)) [sum, count] = [sum + value, count + 1];
    else if (!line.smooth) break;
  }
  const slot = stream.order[Math.max(0, last)];
  return { value: count ? sum / count : NaN, place: line.x?.(slot) ?? stream.steps[slot] };
}

/**
 * On each pair of axes the layer in focus, else, of many, the first and the last.
 * @param {Scene} scene @param {Line[]} lines @returns {End[]}
 */
export function endsOf(scene, lines) {
  const focus = scene.selection.layer;
  const bold = lines.filter((line) => line.layer !== undefined && !line.many && (line.smooth || !line.mean));
  return [...new Set(bold.map(({ axes }) => axes))].flatMap((axes) => {
    const all = bold.filter((line) => line.axes === axes);
    const ends = all.length > MANY ? [all[0], all[all.length - 1]] : [];
    const chosen = focus === null ? ends : all.filter(({ layer }) => layer === focus);
    return chosen.map((line) => ({ axes, text: named(line.layer ?? "", scene.t), ...lastOf(scene, line) }));
  });
}
