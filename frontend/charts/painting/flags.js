/** Thin lines with numbers over a chart's time axes, where something happened. */

import { svg } from "../../app/dom.js";
import { flagGroups } from "./flag-groups.js";

/** @typedef {import("../../app/happenings.js").Happening} Happening */
/** @typedef {import("../../types").Mapping & {pixel: (step: number) => number}} Plot and where a step stands on it */

/** Between a line and its number. */
const BESIDE = 2;

export class Flags {
  /** @param {HTMLElement} host */
  constructor(host) {
    this.element = svg("svg", { class: "flags", "aria-hidden": "true" });
    host.append(this.element);
  }

  /**
   * In each of the subplots those that there is room for, with their numbers over the topmost.
   * @param {Plot[]} plots
   * @param {Happening[]} happenings in the order of their steps
   */
  draw(plots, happenings) {
    const tops = new Map();
    for (const { x, y } of plots) tops.set(x.offset, Math.min(y.offset, tops.get(x.offset) ?? Infinity));
    this.element.replaceChildren(
      ...plots.flatMap((plot) => this.#column(plot, happenings, tops.get(plot.x.offset) === plot.y.offset)),
    );
  }

  /** @param {Plot} plot @param {Happening[]} happenings @param {boolean} named */
  #column({ x, y, pixel }, happenings, named) {
    return flagGroups(happenings, pixel, x.length).flatMap(({ at, bad, text, before }) => {
      const left = x.offset + at;
      const kind = bad ? "bad" : "";
      const line = svg("line", { x1: left, x2: left, y1: y.offset, y2: y.offset + y.length, class: kind });
      if (!named) return [line];
      const anchor = before ? "end" : "start";
      const place = { x: left + (before ? -BESIDE : BESIDE), y: y.offset + 9, "text-anchor": anchor };
      const number = svg("text", { ...place, class: kind });
      number.textContent = text;
      return [line, number];
    });
  }
}
