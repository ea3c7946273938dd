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
    /** @type {HTMLElement[]} */
    this.names = [];
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
    const axes = [...new Set(ends.map((end) => end.axes))];
    this.#draw(axes.flatMap((one) => this.#column(one, ends)));
    return false;
  }

  /**
   * Move the names that there are: to insert an element costs the style of the whole page, to move one does not.
   * @param {{text: string, right: number, top: number}[]} places
   */
  #draw(places) {
    while (this.names.length < places.length) {
      this.names.push(document.createElement("span"));
      this.layer.append(this.names[this.names.length - 1]);
    }
    for (const [i, name] of this.names.entries()) {
      const { text, right, top } = places[i] ?? { text: "", right: 0, top: 0 };
      if (name.textContent !== text) name.textContent = text;
      name.style.transform = `translate(${-right.toFixed(1)}px, calc(${top.toFixed(1)}px - 50%))`;
    }
  }

  /** The names on one pair of axes, from the uppermost down. @param {string} axes @param {End[]} ends */
  #column(axes, ends) {
    const { x, y } = mappingOf(this.layout, axes);
    const placed = ends
      .filter((end) => end.axes === axes)
      .map(({ text, place, value }) => ({ text, left: pixelOf(x, place), top: pixelOf(y, value) - ABOVE }))
      .filter(({ left, top }) => Number.isFinite(left + top))
      .sort((a, b) => a.top - b.top);
    let free = APART / 2;
    return placed.map(({ text, left, top }) => {
      const at = Math.min(Math.max(free, top), y.length);
      free = at + APART;
      const right = Math.max(0, x.length - left) + this.layout.width - x.offset - x.length;
      return { text, right, top: y.offset + at };
    });
  }
}
