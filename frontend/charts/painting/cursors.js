/** Hairlines over a chart's time axes, at the step that is shown. */

import { mappingOf, pixelOf } from "./mapping.js";

export class Cursors {
  /** @param {HTMLElement} host */
  constructor(host) {
    this.host = host;
    /** @type {{element: HTMLElement, x: import("../../types").Axis, place: (step: number) => number}[]} */
    this.lines = [];
    /** @type {number | null} */
    this.step = NaN;
  }

  /**
   * One for each of the subplots, where they stand now.
   * @param {any} layout gd._fullLayout
   * @param {Set<string>} subplots
   * @param {number | null} step
   * @param {(axes: string, step: number) => number} placeOf where a step stands on the axis of a subplot
   */
  place(layout, subplots, step, placeOf) {
    for (const { element } of this.lines) element.remove();
    this.lines = [...subplots].map((name) => {
      const { x, y } = mappingOf(layout, name);
      const element = document.createElement("div");
      element.className = "cursor";
      Object.assign(element.style, { left: `${x.offset}px`, top: `${y.offset}px`, height: `${y.length}px` });
      this.host.append(element);
      return { element, x, place: (/** @type {number} */ at) => placeOf(name, at) };
    });
    this.step = NaN;
    this.move(step);
  }

  /** @param {number | null} step null hides them */
  move(step) {
    if (this.step === step) return;
    this.step = step;
    for (const { element, x, place } of this.lines) {
      const at = step === null ? NaN : pixelOf(x, place(step));
      element.hidden = !(at >= 0 && at <= x.length);
      if (!element.hidden) element.style.transform = `translateX(${at.toFixed(1)}px)`;
    }
  }
}
