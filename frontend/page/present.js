/** Present mode: one chart a screen in large letters, and what happened in the run one sentence after the other. */

import { byId, setText } from "../app/dom.js";
import { besideOf, happeningsOf, sentenceOf, shownAt } from "../app/happenings.js";
import { makeBar } from "./present-bar.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../app/happenings.js").Happening} Happening */

/** Letters of 11 pixels, which a chart's axes have, are to be of 24; on a small screen the chart needs the room. */
const LARGEST = 24 / 11;
const LEAST_WIDTH = 640;
const LEAST_HEIGHT = 340;

/** How much larger a chart is drawn. @param {number} width @param {number} height of the window */
const scaleOf = (width, height) => Math.max(1, Math.min(LARGEST, width / LEAST_WIDTH, height / LEAST_HEIGHT));

export class Presenter {
  /**
   * @param {import("../app/store.js").Store} store
   * @param {object} host
   * @param {(happening: Happening) => void} host.show scrubs to what happened and shows its chart
   * @param {() => void} host.toggle begins a replay or stops it
   * @param {() => import("../types").View[]} host.views
   * @param {() => Scene | null} host.scene as it is now
   */
  constructor(store, host) {
    this.store = store;
    this.host = host;
    this.root = byId("present-bar");
    this.line = byId("present-line");
    this.bar = makeBar(store.state.t, this.#acts, []);
    this.made = this.drawn = "";
    /** @type {HTMLElement | null} where the focus was before */
    this.opener = null;
    byId("present-start").addEventListener("click", () => this.begin(""));
    document.addEventListener("keydown", (event) => this.#key(event), { capture: true });
    document.addEventListener("fullscreenchange", () => {
      // Escape leaves the full screen first, which the page is only told of.
      if (!document.fullscreenElement && this.filled) this.leave();
    });
    this.filled = false;
    addEventListener("resize", () => this.#fit());
  }

  get on() {
    return this.store.state.present !== null && this.store.state.header !== null;
  }

  /** Show one chart alone, on the whole screen. @param {string} view its id; empty for the first */
  begin(view) {
    this.opener = /** @type {HTMLElement | null} */ (document.activeElement);
    this.store.dispatch({ type: "present", view });
    this.#fill(true);
  }

  leave() {
    this.#fill(false);
    this.store.dispatch({ type: "present", view: null });
    const { opener } = this;
    requestAnimationFrame(() => opener?.isConnected && opener.focus());
  }

  /** Called when the page is drawn. */
  draw() {
    if (this.on === document.body.classList.contains("present")) return;
    document.body.classList.toggle("present", this.on);
    this.line.hidden = this.root.hidden = !this.on;
    this.made = "";
    this.#fit();
  }

  /** Called in every frame. @param {Scene} scene */
  follow(scene) {
    if (!this.on) return;
    this.#make(scene);
    const all = happeningsOf(scene.events);
    const shown = shownAt(all, scene);
    const { playing, present } = this.store.state;
    const key = [this.made, all.length, shown?.number, playing, present].join("|");
    if (key === this.drawn) return;
    this.drawn = key;
    this.#write(scene, shown, all.length);
  }

  /** The bar, in the page's language, with the charts that the run has. @param {Scene} scene */
  #make(scene) {
    const begun = [...scene.history.streams.values()].filter((stream) => stream.count).length;
    const made = [scene.run.id, begun, scene.t("locale")].join("|");
    if (made === this.made) return;
    const begins = this.made === "";
    this.made = made;
    this.bar = makeBar(
      scene.t,
      this.#acts,
      this.host.views().filter((view) => view.available(scene)),
    );
    this.bar.full.hidden = !document.fullscreenEnabled;
    this.root.replaceChildren(...Object.values(this.bar));
    if (begins) this.bar.next.focus();
  }

  /** @param {Scene} scene @param {Happening | undefined} shown @param {number} count of all sentences */
  #write({ t }, shown, count) {
    const { bar } = this;
    const text = shown ? sentenceOf(shown.event, t) : "";
    setText(this.line, text || t(count ? "story.before" : "story.nothing"));
    setText(bar.at, count ? t("present.of", { number: shown?.number ?? 0, count }) : "");
    const play = t(this.store.state.playing ? "timeline.pause" : "timeline.play");
    Object.assign(bar.play, { title: play, ariaLabel: play, ariaPressed: String(this.store.state.playing) });
    bar.which.value = this.#presented;
  }

  get #presented() {
    return byId("chart-grid").querySelector(".card[data-presented]")?.dataset.view ?? "";
  }

  /** @returns {import("./present-bar.js").PresentActs} */
  get #acts() {
    return {
      tell: (by) => this.#tell(by),
      choose: (view) => this.store.dispatch({ type: "present", view }),
      toggle: this.host.toggle,
      full: () => this.#fill(!document.fullscreenElement),
      leave: () => this.leave(),
    };
  }

  /** Go to the next sentence, or the one before; keys may come quicker than drawing. @param {number} by */
  #tell(by) {
    const scene = this.host.scene();
    if (!scene) return;
    const all = happeningsOf(scene.events);
    const one = besideOf(all, shownAt(all, scene)?.number ?? 0, by);
    if (one) this.host.show(one);
  }

  /** @param {number} by */
  #otherChart(by) {
    const ids = [...this.bar.which.options].map(({ value }) => value);
    const other = ids[ids.indexOf(this.store.state.present || this.#presented) + by];
    if (other) this.store.dispatch({ type: "present", view: other });
  }

  /** Fill the screen, or leave it; the window is filled where that is not allowed too. @param {boolean} full */
  #fill(full) {
    this.filled = false;
    if (!document.fullscreenEnabled || full === (document.fullscreenElement !== null)) return;
    const done = full ? document.documentElement.requestFullscreen() : document.exitFullscreen();
    done.then(
      () => {
        this.filled = full;
      },
      () => {},
    );
  }

  #fit() {
    if (!this.on) return;
    document.documentElement.style.setProperty("--present", String(scaleOf(innerWidth, innerHeight)));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (!this.on || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const field = /** @type {HTMLElement} */ (event.target).closest("input, select, textarea") !== null;
    const acts = /** @type {Record<string, () => void>} */ ({
      ArrowRight: () => this.#tell(1),
      PageDown: () => this.#tell(1),
      ArrowLeft: () => this.#tell(-1),
      PageUp: () => this.#tell(-1),
      ArrowDown: () => this.#otherChart(1),
      ArrowUp: () => this.#otherChart(-1),
      f: () => this.#acts.full(),
      Escape: () => this.leave(),
    });
    if (!(event.key in acts) || (field && event.key !== "Escape")) return;
    event.preventDefault();
    event.stopPropagation();
    acts[event.key]();
  }
}
