/** Names at the ends of lines: they follow the last values, now and then. */

import { mappingOf, pixelOf } from "./mapping.js";

/** @typedef {import("../../types").Scene} Scene */
/** @typedef {import("../../types").End} End */

const MOVE_EVERY = 400;
/** How far above its line a name stands, and how far names stand apart, in pixels. */
const ABOVE = 9;
const APART = 12;

export class LineEnds {
  /** @param {HTMLElement} host @param {(scene: Scene) => End[]} ends */
  constructor(host, ends) {
    this.ends = ends;
    this.layer = document.createElement("div");
    this.layer.className = "texts ends";
    this.layer.setAttribute("aria-hidden", "true");
    host.append(this.layer);
    /** @type {any} */
    this.layout = null;
    this.moved = -Infinity;
    this.count = -1;
  }

  /** The axes stand elsewhere now. @param {any} layout gd._fullLayout */
  place(layout) {
    this.layout = layout;
    this.moved = -Infinity;
    this.count = -1;
  }

  /** Returns whether they are yet to be moved. @param {Scene} scene @param {number} now milliseconds */
  follow(scene, now) {
    if (!this.layout || this.count === scene.history.count) return false;
    if (now - this.moved < MOVE_EVERY) return true;
    this.moved = now;
    this.count = scene.history.count;
    const ends = this.ends(scene);
    const named = [...new Set(ends.map(({ axes }) => axes))];
    const columns = named.flatMap((axes) =>
      this.#column(
        axes,
        ends.filter((one) => one.axes === axes),
      ),
    );
    this.layer.replaceChildren(...columns);
    return false;
  }

  /** The names on one pair of axes, from the uppermost down. @param {string} axes @param {End[]} ends */
  #column(axes, ends) {
    const { x, y } = mappingOf(this.layout, axes);
    const placed = ends
      .map(({ text, place, value }) => ({ text, left: pixelOf(x, place), top: pixelOf(y, value) - ABOVE }))
      .filter(({ left, top }) => Number.isFinite(left + top))
      .sort((a, b) => a.top - b.top);
    let free = APART / 2;
    return placed.map(({ text, left, top }) => {
      const at = Math.min(Math.max(free, top), y.length);
      free = at + APART;
      const element = document.createElement("span");
      element.textContent = text;
      const right = Math.max(0, x.length - left) + this.layout.width - x.offset - x.length;
      Object.assign(element.style, { top: `${y.offset + at}px`, right: `${right}px` });
      return element;
    });
  }
}
