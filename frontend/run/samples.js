/** The strip of images that can be followed through the networks; one is chosen, and seen at every layer. */

import { byId, h } from "../app/dom.js";
import { imageOf } from "../charts/sample-way.js";
import { sampleOf, samplesOf, verdictOn } from "../views/followed.js";

/** @typedef {import("../app/store.js").Store} Store */
/** @typedef {import("../types").Scene} Scene */

const EVERY = 250;

export class SampleStrip {
  /** @param {Store} store @param {() => Scene | null} scene */
  constructor(store, scene) {
    this.store = store;
    this.scene = scene;
    this.root = byId("samples");
    this.buttons = /** @type {HTMLElement[]} */ ([]);
    this.said = h("p", { class: "said", role: "status" });
    this.drawn = "";
    this.saidAt = 0;
    store.listen((now, before) => {
      if (now.selection.choices !== before.selection.choices) this.draw();
    });
  }

  draw() {
    const { state } = this.store;
    const samples = samplesOf(state.events);
    this.root.hidden = samples === null || state.header === null;
    if (!samples) return;
    const key = [state.open, state.t("locale")].join("|");
    if (key !== this.drawn) this.#build(samples);
    this.drawn = key;
    const chosen = sampleOf(state);
    for (const [index, button] of this.buttons.entries())
      button.setAttribute("aria-pressed", String(index === chosen));
    this.#say();
  }

  /** What the networks make of the chosen one, now and then. @param {number} now */
  follow(now) {
    if (now - this.saidAt < EVERY) return;
    this.saidAt = now;
    this.#say();
  }

  #say() {
    const scene = this.scene();
    const sample = sampleOf(this.store.state);
    const found =
      scene && sample !== null
        ? scene.header.networks.map(({ name }) => verdictOn(scene, sample, name)).filter((one) => one !== null)
        : [];
    const { t } = this.store.state;
    const text = found
      .map((one) => t("samples.verdict", { ...one, percent: Math.round(100 * one.probability) }))
      .join(" · ");
    if (this.said.textContent !== (text || t("samples.hint"))) this.said.textContent = text || t("samples.hint");
  }

  /** @param {import("../views/followed.js").Samples} samples */
  #build(samples) {
    const { t } = this.store.state;
    this.buttons = samples.labels.map((label, index) => {
      const text = t("samples.one", { number: index + 1, label });
      return h(
        "button",
        { type: "button", title: text, "aria-label": text, on: { click: () => this.#choose(index) } },
        imageOf(samples, index),
      );
    });
    this.root.setAttribute("aria-label", t("samples"));
    this.root.replaceChildren(
      h("span", { class: "what" }, t("samples")),
      h("div", { class: "strip" }, ...this.buttons),
      this.said,
    );
  }

  /** The one that is followed already is let go. @param {number} index */
  #choose(index) {
    const value = sampleOf(this.store.state) === index ? null : String(index);
    this.store.dispatch({ type: "choose", name: "sample", value });
  }
}
