/** What stands over a chart along the run: a hairline at the shown step, flags of what happened, names of lines. */

import { happeningsOf } from "../../app/happenings.js";
import { Flags } from "./flags.js";
import { LineEnds } from "./line-ends.js";
import { mappingOf, pixelOf } from "./mapping.js";

/** @typedef {import("../../types").Scene} Scene */

export class Cursors {
  /** @param {HTMLElement} host @param {import("../../types").View} view */
  constructor(host, view) {
    this.host = host;
    this.flags = new Flags(host);
    this.ends = view.ends ? new LineEnds(host, view.ends) : null;
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
    this.ends?.place(layout);
    this.move(scene, performance.now());
  }

  /**
   * Called in every frame. Returns whether something is to follow later.
   * @param {Scene} scene a step of null hides the hairlines @param {number} now milliseconds
   */
  move(scene, now) {
    const { selection, events } = scene;
    this.#mark(selection.step, events);
    return this.ends?.follow(scene, now) ?? false;
  }

  /** @param {number | null} step @param {Scene["events"]} events */
  #mark(step, events) {
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
