/** Thin lines with numbers over a chart's time axes, where something happened. */

import { svg } from "../../app/dom.js";

/** @typedef {import("../../app/happenings.js").Happening} Happening */
/** @typedef {import("../../types").Mapping & {pixel: (step: number) => number}} Plot and where a step stands on it */

/** Numbers nearer to each other than this, in pixels, would cover each other: only the first of them is written. */
const NEAR = 13;

export class Flags {
  /** @param {HTMLElement} host */
  constructor(host) {
    this.element = svg("svg", { class: "flags", "aria-hidden": "true" });
    host.append(this.element);
  }

  /**
   * One in each of the subplots for each happening, with its number over the topmost.
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
    let free = -Infinity;
    return happenings.flatMap(({ step, bad, number }) => {
      const at = pixel(step);
      if (!(at >= 0 && at <= x.length)) return [];
      const left = x.offset + at;
      const line = svg("line", { x1: left, x2: left, y1: y.offset, y2: y.offset + y.length, class: bad ? "bad" : "" });
      if (!named || at < free) return [line];
      free = at + NEAR;
      const text = svg("text", { x: left, y: y.offset + 9, class: bad ? "bad" : "" });
      text.textContent = String(number);
      return [line, text];
    });
  }
}
