/** Before the first run: what this is about, a recording of it, and ways to begin. */

import { h } from "../app/dom.js";
import { Hero } from "./hero.js";
import { presetList } from "./presets.js";

/** @typedef {import("../app/state.js").State} State */
/** @typedef {{start: (config?: Record<string, any>) => void, configure: () => void, list: () => void}} Acts */

/** The buttons below the text. @param {State} state @param {Acts} acts */
function waysIn({ t, runs, schema }, acts) {
  const count = runs?.length ?? 0;
  const start = {
    id: "start",
    "data-needs": "start",
    type: "button",
    class: "primary",
    on: { click: () => acts.start() },
  };
  const configure = {
    type: "button",
    "data-needs": "start",
    disabled: schema === null,
    on: { click: acts.configure },
  };
  const list = { type: "button", on: { click: acts.list } };
  return h(
    "div",
    { class: "go" },
    h("button", start, t("welcome.start")),
    h("button", configure, t("welcome.configure")),
    count ? h("button", list, t("welcome.runs", { count })) : null,
  );
}

/** What it is about, in a line. @param {import("../types").Translate} t */
export const definition = (t) =>
  h("p", { class: "definition" }, h("strong", {}, t("welcome.term")), " ", t("welcome.ics"));

/** Draws the welcome; the recording in it is made once. */
export class Welcome {
  /** @param {HTMLElement} root @param {Acts} acts */
  constructor(root, acts) {
    this.root = root;
    this.acts = acts;
    this.hero = new Hero();
    this.key = "";
    this.language = "";
  }

  /** @param {State} state */
  draw(state) {
    const { t, experiments, runs, schema } = state;
    const key = `${t("locale")}|${experiments.length}|${runs?.length}|${schema !== null}`;
    if (this.key !== key) {
      this.key = key;
      this.root.replaceChildren(
        h(
          "div",
          { class: "hero" },
          h(
            "div",
            {},
            h("h2", {}, t("welcome.title")),
            definition(t),
            h("p", {}, t("welcome.text")),
            waysIn(state, this.acts),
          ),
          this.hero.element,
        ),
        h("h3", { "data-needs": "start" }, t("welcome.presets")),
        presetList(t, this.acts.start),
      );
    }
    if (this.language !== t("locale")) {
      this.language = t("locale");
      void this.hero.show(t);
    } else this.hero.wake();
  }
}
