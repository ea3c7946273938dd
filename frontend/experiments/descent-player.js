/** Playing a descent over a loss surface: by itself, or step by step by hand. */

import { h, setText } from "../app/dom.js";
import { named } from "../app/i18n.js";
import { brief } from "../app/numbers.js";
import { longest, lossAt } from "../views/surface.js";

/** @typedef {import("../types").TrialScene} TrialScene */
/** @typedef {import("../types").Translate} Translate */

/** How long the longest descent takes. */
const SECONDS = 9;

/** Where each surface's descent is, in words. @param {TrialScene} scene */
const wordsOf = ({ surfaces, at, t }) =>
  surfaces
    .map(({ label, surface }) =>
      t("surface.at", {
        label: named(label, t),
        step: Math.min(Math.round(at), surface.path.length - 1),
        steps: surface.steps,
        loss: brief(lossAt(surface, at)),
      }),
    )
    .join(" · ");

export class DescentPlayer {
  /** @param {() => TrialScene} scene @param {() => void} wake asks for a frame */
  constructor(scene, wake) {
    this.scene = scene;
    this.wake = wake;
    /** steps of descent shown, whole or between two */
    this.at = 0;
    this.playing = false;
    /** when the frame before was, while it plays */
    this.before = 0;
    this.button = h("button", { type: "button", on: { click: () => this.play(!this.playing) } });
    this.range = h("input", { type: "range", min: "0", step: "1", on: { input: () => this.#seek() } });
    this.words = h("span", { class: "at" });
  }

  #last() {
    return longest(this.scene().surfaces);
  }

  /** @param {boolean} playing */
  play(playing) {
    if (playing && this.at >= this.#last()) this.at = 0;
    this.playing = playing;
    this.before = 0;
    this.wake();
  }

  /** Go where the slider was put, and stay there. */
  #seek() {
    this.playing = false;
    this.at = Number(this.range.value);
    this.wake();
  }

  /** Bring the descent on. @param {number} now milliseconds @returns {boolean} whether more is to come */
  advance(now) {
    const last = this.#last();
    if (this.playing) {
      const passed = this.before ? (now - this.before) / 1000 : 0;
      this.at = Math.min(last, this.at + (passed * Math.max(last, 1)) / SECONDS);
      this.before = now;
      this.playing = this.at < last;
    }
    this.draw();
    return this.playing;
  }

  draw() {
    const scene = this.scene();
    setText(this.button, scene.t(this.playing ? "surface.pause" : "surface.play"));
    const at = String(Math.round(this.at));
    if (this.range.value !== at) this.range.value = at;
    setText(this.words, wordsOf(scene));
  }

  /** The controls; at its beginning the descent plays by itself, where motion is welcome. */
  controls() {
    this.range.max = String(this.#last());
    this.range.setAttribute("aria-label", this.scene().t("surface.step"));
    this.draw();
    if (this.at === 0) this.play(!matchMedia("(prefers-reduced-motion: reduce)").matches);
    return h("div", { class: "choices player" }, this.button, this.range, this.words);
  }
}
