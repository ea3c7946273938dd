/** What happened in a run, on the axes of a picture: the lines and numbers that stand over the chart on the page. */

import { happeningsOf } from "../app/happenings.js";
import { flagGroups } from "./painting/flag-groups.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").View} View */

const FLAG = "flag";

/**
 * The subplots that are drawn along the run, and where a step stands on the axis of each.
 * @param {View} view @param {Scene} scene @param {Record<string, any>} layout
 */
function plotsOf(view, scene, layout) {
  const drawn = [...(view.series?.(scene) ?? []), ...(view.rasters?.(scene) ?? [])];
  const byAxes = new Map(drawn.map((one) => [one.axes, one]));
  return [...byAxes.values()].map((one) => {
    const [x, y] = one.axes.split(/(?=y)/);
    const stream = scene.history.stream(one.stream);
    const place = "x" in one ? one.x : undefined;
    return {
      ...{ x, y },
      across: layout[x.replace("x", "xaxis")],
      top: layout[y.replace("y", "yaxis")].domain?.[1] ?? 1,
      placeOf: (/** @type {number} */ step) => place?.(stream.slotAt(step)) ?? step,
    };
  });
}

/**
 * @param {View} view @param {Scene} scene
 * @param {Record<string, any>} layout of its figure
 * @param {number} width of the picture
 */
export function flagsOf(view, scene, layout, width) {
  const plots = plotsOf(view, scene, layout);
  const happenings = happeningsOf(scene.events);
  const { bad, muted } = scene.theme;
  const room = width - layout.margin.l - layout.margin.r;
  /** @type {Record<string, any>[]} */
  const shapes = [];
  /** @type {Record<string, any>[]} */
  const texts = [];
  for (const { x, y, across, top, placeOf } of plots) {
    const named = plots.every((other) => other.x !== x || other.top <= top);
    const where = { xref: x, yref: `${y} domain` };
    const [from, to] = across.range;
    const [left, right] = across.domain ?? [0, 1];
    const length = (right - left) * room;
    const onAxis = (/** @type {number} */ step) => (across.type === "log" ? Math.log10(placeOf(step)) : placeOf(step));
    const pixel = (/** @type {number} */ step) => (length * (onAxis(step) - from)) / (to - from);
    for (const { step, bad: isBad, text, before } of flagGroups(happenings, pixel, length)) {
      const color = isBad ? bad : muted;
      const line = { color, width: 1, dash: "dot" };
      const place = placeOf(step);
      shapes.push({ type: "line", ...where, x0: place, x1: place, y0: 0, y1: 1, line, opacity: 0.7 });
      if (!named) continue;
      const look = { font: { size: 10, color }, borderpad: 1, showarrow: false, yanchor: "top" };
      const beside = before ? "right" : "left";
      texts.push({ name: FLAG, text, ...where, x: onAxis(step), y: 1, xanchor: beside, ...look });
    }
  }
  return { shapes, texts };
}
