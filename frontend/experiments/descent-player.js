/** Playing gradient descent on a loss: by itself, step by step by hand, and with another learning rate. */

import { h, setText } from "../app/dom.js";
import { descentWords, longest } from "../views/surface.js";

/** @typedef {import("../types").SurfaceScene} SurfaceScene */

/** The first steps can be followed one by one; of a long way, ever more pass in a second. */
const STEPS_A_SECOND = 1.5;
const SLOW_STEPS = 12;
const FASTER = 0.25;
/** Learning rates, in percent of the largest that does not diverge on a loss. */
const RATES = { least: 5, most: 105, first: 50 };

/** @param {number} at */
const pace = (at) => STEPS_A_SECOND * (1 + FASTER * Math.max(0, at - SLOW_STEPS));

export class DescentPlayer {
  /** @param {() => SurfaceScene} scene @param {() => void} wake asks for a frame */
  constructor(scene, wake) {
    this.scene = scene;
    this.wake = wake;
    /** steps of descent shown, whole or between two */
    this.at = 0;
    /** the learning rate, as a share of the largest that does not diverge */
    this.share = RATES.first / 100;
    this.playing = false;
    /** when the frame before was, while it plays */
    this.before = 0;
    this.button = h("button", { type: "button", on: { click: () => this.play(!this.playing) } });
    this.range = h("input", { type: "range", class: "step", min: "0", step: "1", on: { input: () => this.#seek() } });
    this.rate = h("input", {
      type: "range",
      class: "rate",
      min: String(RATES.least),
      max: String(RATES.most),
      step: "1",
      value: String(RATES.first),
      on: { input: () => this.#setRate() },
    });
    this.rateText = h("output", {});
    this.rateName = h("span", {});
    this.words = h("span", { class: "at" });
    this.element = h(
      "div",
      { class: "choices player" },
      this.button,
      this.range,
      h("label", {}, this.rateName, this.rate, this.rateText),
      this.words,
    );
  }

  /** @param {boolean} playing */
  play(playing) {
    if (playing && this.at >= longest(this.scene())) this.at = 0;
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

  /** Another learning rate, from the start. */
  #setRate() {
    this.share = Number(this.rate.value) / 100;
    this.at = 0;
    this.play(true);
  }

  /** Bring the descent on. @param {number} now milliseconds @returns {boolean} whether more is to come */
  advance(now) {
    const last = longest(this.scene());
    if (this.playing) {
      const passed = this.before ? (now - this.before) / 1000 : 0;
      this.at = Math.min(last, this.at + passed * pace(this.at));
      this.before = now;
      this.playing = this.at < last;
    }
    this.draw();
    return this.playing;
  }

  draw() {
    const scene = this.scene();
    const { t } = scene;
    setText(this.button, t(this.playing ? "surface.pause" : "surface.play"));
    setText(this.rateName, t("surface.rate"));
    setText(this.rateText, t("surface.share", { share: Math.round(100 * this.share) }));
    this.range.setAttribute("aria-label", t("surface.step"));
    this.range.max = String(longest(scene));
    const at = String(Math.round(this.at));
    if (this.range.value !== at) this.range.value = at;
    setText(this.words, scene.surfaces.map((loss) => descentWords(scene, loss)).join(" · "));
  }

  /** The controls; at its beginning the descent plays by itself, where motion is welcome. */
  controls() {
    this.draw();
    if (this.at === 0) this.play(!matchMedia("(prefers-reduced-motion: reduce)").matches);
    return this.element;
  }
}
