/** The marks on the timeline: what happened, with a word each where there is room, and the run's other events. */

import { h } from "../app/dom.js";
import { inEffect } from "../app/effects.js";
import { eventText, flagText, happeningsOf } from "../app/happenings.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").RunEvent} RunEvent */
/** @typedef {import("../app/happenings.js").Happening} Happening */

/** Kinds of events that say nothing of the training. */
const ABOUT_THE_RUN = new Set([
  "state",
  "name",
  "connection",
  "placed",
  "checkpoint",
  "measured",
  "samples",
  "scalar",
  "layouts",
  "applied",
]);
/** About the width of a letter, of a Hangul syllable, and of a label's number and rim, in pixels. */
const LETTER = 6.4;
const SYLLABLE = 11.5;
const RIM = 27;
const NUMBER_ROOM = 15;
/** From this share of the way on a label has hardly room to its right. */
const NEARLY = 0.97;

/** @param {string} text */
const widthOf = (text) => RIM + [...text].reduce((sum, one) => sum + (one > "\u10ff" ? SYLLABLE : LETTER), 0);

/** As much as there is room for. @param {number} number @param {string} word @param {number} room in pixels */
const labelOf = (number, word, room) =>
  room >= widthOf(word) ? `${number} ${word}` : room >= NUMBER_ROOM ? String(number) : "";

export class EventMarks {
  /**
   * @param {(step: number) => void} seek @param {(happening: Happening) => void} show
   * @param {() => void} resized there is another width to draw for
   */
  constructor(seek, show, resized) {
    this.seek = seek;
    this.show = show;
    this.element = h("div", { class: "marks" });
    this.drawn = "";
    this.width = 0;
    // Asking the element in a frame would make the browser lay out what was just written.
    new ResizeObserver((entries) => {
      this.width = entries[entries.length - 1].contentRect.width;
      resized();
    }).observe(this.element);
  }

  /** @param {Scene} scene @param {number} lastStep */
  refresh(scene, lastStep) {
    const last = Math.max(1, lastStep);
    const { width } = this;
    const key = [scene.run.id, scene.events.length, last, width, scene.t("locale")].join("|");
    if (width === 0 || key === this.drawn) return;
    this.drawn = key;
    const happenings = happeningsOf(scene.events);
    const listed = new Set(happenings.map(({ event }) => event));
    const others = inEffect(scene.events).filter((event) => !ABOUT_THE_RUN.has(event.kind) && !listed.has(event));
    this.element.replaceChildren(
      ...others.map((event) => this.#dot(event, last, scene)),
      ...this.#labels(happenings, last, width, scene),
    );
  }

  /** @param {Happening[]} happenings @param {number} last @param {number} width @param {Scene} scene */
  #labels(happenings, last, width, { t }) {
    return happenings.map((one, i) => {
      const at = Math.min(1, one.step / last);
      const next = happenings[i + 1];
      const room = (next ? Math.min(1, next.step / last) - at : 1 - at) * width + (next ? 0 : 24);
      const word = flagText(one.event, t);
      const text = t("event.text", { step: one.step, text: eventText(one.event, t) });
      return h(
        "button",
        {
          type: "button",
          class: "flag",
          "data-kind": one.bad ? "bad" : one.event.kind,
          "data-last": at > NEARLY ? "" : undefined,
          title: text,
          "aria-label": text,
          style: `left: ${100 * at}%`,
          on: { click: () => this.show(one) },
        },
        labelOf(one.number, word, room),
      );
    });
  }

  /** @param {RunEvent} event @param {number} last @param {Scene} scene */
  #dot(event, last, { t }) {
    const text = t("event.text", { step: event.step, text: eventText(event, t) });
    return h("button", {
      type: "button",
      "data-kind": event.kind,
      title: text,
      "aria-label": text,
      style: `left: ${Math.min(100, (100 * event.step) / last)}%`,
      on: { click: () => this.seek(event.step) },
    });
  }
}
