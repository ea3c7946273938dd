/** The marks on the timeline: the run's events, and what the page itself finds in its history. */

import { h } from "../app/dom.js";
import { named } from "../app/i18n.js";
import { noticeOf, worded } from "../app/server-messages.js";
import { detect } from "./event-detection.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").RunEvent} RunEvent */

const SEARCH_EVERY = 3000;
/** Kinds of events that say nothing of the training. */
const ABOUT_THE_RUN = new Set(["state", "name", "connection", "checkpoint", "samples"]);

/** An event in words. @param {RunEvent} event @param {import("../types").Translate} t */
function textOf(event, t) {
  const words =
    worded(noticeOf(event), t) ||
    t(`event.${event.kind}`, { network: named(event.network, t), layer: named(event.layer, t) });
  return t("event.text", { step: event.step, text: words });
}

export class EventMarks {
  /** @param {(step: number) => void} seek */
  constructor(seek) {
    this.seek = seek;
    this.element = h("div", { class: "marks" });
    this.drawn = "";
    /** @type {RunEvent[]} */
    this.found = [];
    /** id of the run that was searched last, and when */
    this.run = "";
    this.searched = 0;
  }

  /** @param {Scene} scene @param {number} lastStep @param {number} now */
  refresh(scene, lastStep, now) {
    this.#search(scene, now);
    const last = Math.max(1, lastStep);
    const events = [...scene.events.filter((event) => !ABOUT_THE_RUN.has(event.kind)), ...this.found];
    const key = [scene.run.id, events.length, last, scene.t("locale")].join("|");
    if (key === this.drawn) return;
    this.drawn = key;
    this.element.replaceChildren(...events.map((event) => this.#mark(event, last, scene)));
  }

  /** Search the history, now and then: at once when another run is shown. @param {Scene} scene @param {number} now */
  #search(scene, now) {
    if (this.run === scene.run.id && now - this.searched < SEARCH_EVERY) return;
    this.run = scene.run.id;
    this.searched = now;
    this.found = detect(scene);
  }

  /** @param {RunEvent} event @param {number} last @param {Scene} scene */
  #mark(event, last, { t }) {
    const text = textOf(event, t);
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
