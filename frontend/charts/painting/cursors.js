/** What stands over a chart's time axes: a hairline at the step that is shown, and flags where something happened. */

import { happeningsOf } from "../../app/happenings.js";
import { Flags } from "./flags.js";
import { mappingOf, pixelOf } from "./mapping.js";

/** @typedef {import("../../types").Scene} Scene */

export class Cursors {
  /** @param {HTMLElement} host */
  constructor(host) {
    this.host = host;
    this.flags = new Flags(host);
    /** @type {import("./flags.js").Plot[]} */
    this.plots = [];
    /** @type {HTMLElement[]} */
    this.lines = [];
    /** @type {number | null} */
    this.step = NaN;
    /** @type {import("../../types").RunEvent[] | null} those that are flagged */
    this.events = null;
  }

  /**
   * One for each of the subplots, where they stand now.
   * @param {any} layout gd._fullLayout
   * @param {Set<string>} subplots
   * @param {Scene} scene
   * @param {(axes: string, step: number) => number} placeOf where a step stands on the axis of a subplot
   */
  place(layout, subplots, scene, placeOf) {
    for (const element of this.lines) element.remove();
    this.plots = [...subplots].map((name) => {
      const { x, y } = mappingOf(layout, name);
      return { x, y, pixel: (step) => pixelOf(x, placeOf(name, step)) };
    });
    this.lines = this.plots.map(({ x, y }) => {
      const element = document.createElement("div");
      element.className = "cursor";
      Object.assign(element.style, { left: `${x.offset}px`, top: `${y.offset}px`, height: `${y.length}px` });
      this.host.append(element);
      return element;
    });
    this.step = NaN;
    this.events = null;
    this.move(scene);
  }

  /** Called in every frame. @param {Scene} scene a step of null hides the hairlines */
  move({ selection: { step }, events }) {
    if (this.events !== events) {
      this.events = events;
      this.flags.draw(this.plots, happeningsOf(events));
    }
    if (this.step === step) return;
    this.step = step;
    for (const [i, element] of this.lines.entries()) {
      const { x, pixel } = this.plots[i];
      const at = step === null ? NaN : pixel(step);
      element.hidden = !(at >= 0 && at <= x.length);
      if (!element.hidden) element.style.transform = `translateX(${at.toFixed(1)}px)`;
    }
  }
}
