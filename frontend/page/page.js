/** Draws the page from the state: once after any number of changes, and not for what the charts alone show. */

import { byId } from "../app/dom.js";
import { drawNotices } from "../run/notices.js";
import { drawWaiting } from "../run/waiting.js";
import { Welcome } from "../run/welcome.js";
import { drawTitle } from "./bar.js";
import { drawSections } from "./sections.js";

/** @typedef {import("../app/state.js").State} State */

/**
 * Whether anything but what is chosen in the charts changed: a replay changes that in every frame.
 * @param {State} now
 * @param {State} before
 */
export const changedBeyondSelection = (now, before) =>
  /** @type {(keyof State)[]} */ (Object.keys(now)).some((key) => key !== "selection" && now[key] !== before[key]);

export class Page {
  /**
   * @param {import("../app/store.js").Store} store
   * @param {{draw: () => void}[]} parts that draw themselves
   * @param {import("../run/welcome.js").Acts & Parameters<typeof drawWaiting>[2] &
   *   Parameters<typeof drawNotices>[2]} acts
   */
  constructor(store, parts, acts) {
    this.store = store;
    this.parts = parts;
    this.acts = acts;
    this.asked = false;
    this.welcome = new Welcome(byId("welcome"), acts);
    store.listen((now, before) => {
      if (changedBeyondSelection(now, before)) this.soon();
    });
  }

  soon() {
    if (this.asked) return;
    this.asked = true;
    queueMicrotask(() => this.draw());
  }

  draw() {
    this.asked = false;
    const { state } = this.store;
    drawSections(state);
    drawTitle(state);
    for (const part of this.parts) part.draw();
    drawNotices(byId("notices"), state, this.acts);
    if (!byId("welcome").hidden) this.welcome.draw(state);
    if (!byId("waiting").hidden) drawWaiting(byId("waiting"), state, this.acts);
  }
}
