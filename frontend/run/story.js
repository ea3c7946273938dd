/** The story of a run: its newest sentence at the step that is shown, and the list of all. */

import { byId, h, setText } from "../app/dom.js";
import { happenedUpTo, happeningsOf, sentenceOf, shownAt } from "../app/happenings.js";
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
    this.whole = h("button", {
      type: "button",
      id: "story-whole",
      "aria-controls": "headline",
      hidden: true,
      on: { click: () => this.#unfold(!this.root.hasAttribute("data-whole")) },
    });
    this.toggle = h("button", {
      type: "button",
      id: "story-toggle",
      "aria-controls": "happened",
      on: { click: () => this.#toggle() },
    });
    this.list = h("ol", { id: "happened" });
    this.root.replaceChildren(
      h("div", { class: "newest" }, this.number, this.text, this.whole, this.toggle),
      this.list,
    );
    // Folded until a person opens it: the first chart stands on the first screen.
    this.open = recall(REMEMBERED) === "open";
    /** @type {Happening | undefined} */
    this.newest = undefined;
    this.drawn = "";
    this.shown = "";
    this.folded = this.unfolded = "";
  }

  /** Called in every frame. @param {Scene} scene */
  follow(scene) {
    const happenings = happeningsOf(scene.events);
    this.#drawList(scene, happenings);
    const newest = shownAt(happenings, scene);
    const happened = Math.max(newest?.number ?? 0, happenedUpTo(happenings, scene));
    const key = [this.drawn, newest?.number, happened, this.open, scene.run.ended, innerWidth].join("|");
    if (key === this.shown) return;
    this.shown = key;
    this.newest = newest;
    this.#drawNewest(scene, happenings, happened);
  }

  /** @param {Scene} scene @param {Happening[]} happenings @param {number} happened */
  #drawNewest({ t, run, header }, happenings, happened) {
    const { newest } = this;
    this.root.toggleAttribute("data-told", happenings.length > 0);
    this.root.toggleAttribute("data-open", this.open);
    this.root.toggleAttribute("data-grows", run.ended === null);
    this.toggle.hidden = happenings.length === 0;
    this.toggle.setAttribute("aria-expanded", String(this.open));
    setText(this.toggle, t(run.ended === null ? "story.all" : "story.report", { count: happenings.length }));
    setText(this.number, newest ? String(newest.number) : "");
    this.number.hidden = !newest;
    this.text.disabled = !newest;
    const silence = header.layouts.length ? "story.nothing" : "story.no_layouts";
    setText(this.text, newest ? sentenceOf(newest.event, t) : t(happenings.length ? "story.before" : silence));
    this.unfolded = t("story.less");
    this.folded = t("story.whole");
    this.#unfold(false);
    for (const item of this.list.children) {
      const number = Number(/** @type {HTMLElement} */ (item).dataset.number);
      item.toggleAttribute("data-later", number > happened);
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
            sentenceOf(one.event, t),
          ),
        ),
      ),
    );
  }

  /** Show all of the sentence, or as much as has room; what is not cut has no button for it. @param {boolean} whole */
  #unfold(whole) {
    this.root.toggleAttribute("data-whole", whole);
    this.whole.hidden = !whole && this.text.scrollHeight <= this.text.clientHeight + 1;
    this.whole.setAttribute("aria-expanded", String(whole));
    setText(this.whole, whole ? this.unfolded : this.folded);
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
