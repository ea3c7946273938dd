/** The story of a run: its newest sentence at the step that is shown, and the list of all. */

import { byId, h, setText } from "../app/dom.js";
import { eventText, happeningsOf, newestUpTo } from "../app/happenings.js";
import { recall, remember } from "../app/preferences.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../app/happenings.js").Happening} Happening */

const REMEMBERED = "story";

export class Story {
  /** @param {(happening: Happening) => void} show scrubs to a happening, and lights its chart */
  constructor(show) {
    this.show = show;
    this.root = byId("story");
    this.number = h("span", { class: "number", "aria-hidden": "true" });
    this.text = h("button", { type: "button", id: "headline", on: { click: () => this.#showNewest() } });
    this.toggle = h("button", {
      type: "button",
      id: "story-toggle",
      "aria-controls": "happened",
      on: { click: () => this.#toggle() },
    });
    this.list = h("ol", { id: "happened" });
    this.root.replaceChildren(h("div", { class: "newest" }, this.number, this.text, this.toggle), this.list);
    // Folded until a person opens it: the first chart stands on the first screen.
    this.open = recall(REMEMBERED) === "open";
    /** @type {Happening | undefined} */
    this.newest = undefined;
    this.drawn = "";
    this.shown = "";
  }

  /** Called in every frame. @param {Scene} scene */
  follow(scene) {
    const happenings = happeningsOf(scene.events);
    this.#drawList(scene, happenings);
    const newest = newestUpTo(happenings, scene.selection.step ?? Infinity);
    const key = [this.drawn, newest?.number, this.open].join("|");
    if (key === this.shown) return;
    this.shown = key;
    this.newest = newest;
    this.#drawNewest(scene, happenings);
  }

  /** @param {Scene} scene @param {Happening[]} happenings */
  #drawNewest({ t }, happenings) {
    const { newest } = this;
    this.root.toggleAttribute("data-told", happenings.length > 0);
    this.root.toggleAttribute("data-open", this.open);
    this.list.hidden = !this.open;
    this.toggle.hidden = happenings.length === 0;
    this.toggle.setAttribute("aria-expanded", String(this.open));
    setText(this.toggle, t("story.all", { count: happenings.length }));
    setText(this.number, newest ? String(newest.number) : "");
    this.number.hidden = !newest;
    this.text.disabled = !newest;
    setText(this.text, newest ? sentence(newest, t) : t(happenings.length ? "story.before" : "story.nothing"));
    for (const item of this.list.children) {
      const number = Number(/** @type {HTMLElement} */ (item).dataset.number);
      item.toggleAttribute("data-later", number > (newest?.number ?? 0));
      item.toggleAttribute("data-newest", number === newest?.number);
    }
  }

  /** @param {Scene} scene @param {Happening[]} happenings */
  #drawList({ t, run }, happenings) {
    const key = [run.id, happenings.length, happenings.at(-1)?.step, t("locale")].join("|");
    if (key === this.drawn) return;
    this.drawn = key;
    this.root.setAttribute("aria-label", t("story"));
    this.list.replaceChildren(
      ...happenings.map((one) =>
        h(
          "li",
          { "data-number": one.number, class: one.bad ? "bad" : "" },
          h(
            "button",
            { type: "button", on: { click: () => this.show(one) } },
            h("span", { class: "number", "aria-hidden": "true" }, String(one.number)),
            sentence(one, t),
          ),
        ),
      ),
    );
  }

  #showNewest() {
    if (this.newest) this.show(this.newest);
  }

  #toggle() {
    this.open = !this.open;
    remember(REMEMBERED, this.open ? "open" : "closed");
    this.shown = "";
    this.root.dispatchEvent(new CustomEvent("shiftscope:story", { bubbles: true }));
  }
}

/** With its step. @param {Happening} happening @param {import("../types").Translate} t */
const sentence = ({ event }, t) =>
  t("event.text", { step: event.step.toLocaleString(t("locale")), text: eventText(event, t) });
