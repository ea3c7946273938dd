/** Hairlines over a chart's time axes, at the step that is shown. */

import { mappingOf, pixelOf } from "./mapping.js";

export class Cursors {
  /** @param {HTMLElement} host */
  constructor(host) {
    this.host = host;
    /** @type {{element: HTMLElement, x: import("../../types").Axis}[]} */
    this.lines = [];
    /** @type {number | null} */
    this.step = NaN;
  }

  /**
   * One for each of the subplots, where they stand now.
   * @param {any} layout gd._fullLayout
   * @param {Set<string>} subplots
   * @param {number | null} step
   */
  place(layout, subplots, step) {
    for (const { element } of this.lines) element.remove();
    this.lines = [...subplots].map((name) => {
      const { x, y } = mappingOf(layout, name);
      const element = document.createElement("div");
      element.className = "cursor";
      Object.assign(element.style, { left: `${x.offset}px`, top: `${y.offset}px`, height: `${y.length}px` });
      this.host.append(element);
      return { element, x };
    });
    this.step = NaN;
    this.move(step);
  }

  /** @param {number | null} step null hides them */
  move(step) {
    if (this.step === step) return;
    this.step = step;
    for (const { element, x } of this.lines) {
      const at = step === null ? NaN : pixelOf(x, step);
      element.hidden = !(at >= 0 && at <= x.length);
      if (!element.hidden) element.style.transform = `translateX(${at.toFixed(1)}px)`;
    }
  }
}
