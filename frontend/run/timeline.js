/** One scrubber for all charts: any step of the run, events, replay, and back to the live end. */

import { byId, setText } from "../app/dom.js";
import { named } from "../app/i18n.js";
import { isLive } from "../app/state.js";
import { StreamHistory } from "../stream/history.js";
import { driftName, driftShown, driftText } from "../views/drift.js";
import { EventMarks } from "./event-marks.js";
import { mostShift } from "./most-shift.js";
import { Replay } from "./replay.js";
import { arrange, followKeys, makeElements } from "./timeline-elements.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../app/happenings.js").Happening} Happening */

/** While the live end is followed, the timeline is drawn anew less often than the charts. */
const DRAW_EVERY = 90;

/** What a run has that declares nothing to be recorded. */
const NOTHING = new StreamHistory(0, 2);

/**
 * The steps that can be shown: those whose whole rows are kept, of the stream with the most.
 * @param {Scene} scene
 */
function mainStream({ history, layoutIndex, header }) {
  const stream = layoutIndex.stream("layers") ?? layoutIndex.stream("steps") ?? header.layouts[0]?.stream;
  return stream === undefined ? NOTHING : history.stream(stream);
}

export class Timeline {
  /**
   * @param {{state: () => import("../app/state.js").State, t: () => import("../types").Translate,
   *   dispatch: (action: import("../app/store.js").Action) => void,
   *   scene: () => Scene | null, wake: () => void,
   *   arrived: () => number,
   *   show: (happening: Happening) => void}} host `arrived`: the share of the run that is in the page
   */
  constructor(host) {
    this.host = host;
    this.root = byId("timeline");
    this.replay = new Replay();
    this.marks = new EventMarks(
      (step) => this.seek(step),
      host.show,
      () => {
        this.drawnAt = 0;
        host.wake();
      },
    );
    /** @type {import("./timeline-elements.js").TimelineActs} */
    this.acts = {
      seek: (step) => this.seek(step),
      move: (by) => this.#move(by),
      scrub: (step) => this.#stopAt(step),
      toggle: () => this.toggle(),
      toMost: () => this.#toMost(),
      live: () => this.#stopAt(null),
      leaveLayer: () => host.dispatch({ type: "select", selection: { layer: null } }),
      setDuration: (duration) => host.dispatch({ type: "duration", duration }),
    };
    this.elements = makeElements(host.t(), host.state().duration, this.acts);
    this.drawnAt = 0;
    this.at = "";
    /** @type {{step: number, layer: string, network: string, value: number, run: string} | undefined} as last asked */
    this.most = undefined;
    /** @type {import("../types").Selection | null} what was drawn then */
    this.drawn = null;
    followKeys(this.root, this.acts);
  }

  /** The elements are made anew, in the page's language. */
  build() {
    this.elements = makeElements(this.host.t(), this.host.state().duration, this.acts);
    arrange(this.root, this.elements, this.marks.element);
    this.host.wake();
  }

  /** @param {number | null} step */
  seek(step) {
    this.host.dispatch({ type: "select", selection: { step } });
  }

  /** Called in every frame. @param {Scene} scene @param {number} now */
  follow(scene, now) {
    if (this.host.state().playing) this.#replay(scene, now);
    const { selection } = this.host.state();
    const { step } = selection;
    // What comes last is drawn at once: nothing may follow it.
    const at = [this.host.arrived() >= 1, scene.run.state !== "running" && scene.run.step].join("|");
    if (now - this.drawnAt < DRAW_EVERY && step === null && selection === this.drawn && at === this.at) return;
    this.at = at;
    this.drawnAt = now;
    this.drawn = selection;
    this.root.hidden = byId("skip-timeline").hidden = false;
    const last = mainStream(scene).lastStep;
    this.#drawStep(scene, step, last);
    this.#drawState(scene, step === null);
    this.#drawMost(scene);
    this.marks.refresh(scene, last);
  }

  /** @param {Scene} scene @param {number | null} step @param {number} last */
  #drawStep({ t, run }, step, last) {
    const { range, at } = this.elements;
    const shown = step ?? last;
    // A run that stands has often done more steps than were recorded: this is another count than the one above.
    const behind = run.state !== "running" && shown === last && run.step > last + 1;
    if (range.max !== String(last)) range.max = String(last);
    if (Number(range.value) !== shown) range.value = String(shown);
    const text = t(behind ? "progress.recorded" : "progress.at", { step: shown.toLocaleString(t("locale")) });
    setText(at, text);
    range.setAttribute("aria-valuetext", text);
  }

  /** @param {Scene} scene @param {boolean} isAtEnd */
  #drawState({ t, run }, isAtEnd) {
    const { arrived, live, play } = this.elements;
    const { playing } = this.host.state();
    const share = this.host.arrived();
    setText(arrived, share < 1 ? t("timeline.arrived", { percent: Math.floor(100 * share) }) : "");
    live.setAttribute("aria-pressed", String(isAtEnd));
    const more = isLive(run);
    live.toggleAttribute("data-live", more);
    setText(live, t(more ? "timeline.live" : "timeline.end"));
    play.setAttribute("aria-pressed", String(playing));
    play.setAttribute("aria-label", t(playing ? "timeline.pause" : "timeline.play"));
  }

  /** Show a step, and let no replay go on from there. @param {number | null} step null: the live end */
  #stopAt(step) {
    this.host.dispatch({ type: "playing", playing: false });
    this.seek(step);
  }

  /** Go some recorded frames on (or back). @param {number} by */
  #move(by) {
    const scene = this.host.scene();
    if (!scene) return;
    const stream = mainStream(scene);
    const { step } = scene.selection;
    const at = step === null ? stream.count - 1 : stream.position(step);
    const next = Math.min(stream.count - 1, Math.max(0, at + by));
    this.#stopAt(next < 0 ? null : stream.steps[stream.order[next]]);
  }

  /** Replay the run, or stop the replay. */
  toggle() {
    const scene = this.host.scene();
    if (!scene) return;
    const { step } = scene.selection;
    const playing = !this.host.state().playing;
    if (playing && (step === null || step >= mainStream(scene).lastStep)) this.seek(0);
    this.replay.restart();
    this.host.dispatch({ type: "playing", playing });
    this.host.wake();
  }

  #toMost() {
    const scene = this.host.scene();
    const most = scene && mostShift(scene);
    if (!scene || !most) return;
    this.host.dispatch({ type: "select", selection: { step: most.step, layer: most.layer } });
    this.most = { ...most, run: scene.run.id };
  }

  /** Whose most shift is looked at, as long as it is. @param {Scene} scene */
  #drawMost(scene) {
    const { t, run, selection } = scene;
    const { most } = this;
    const { found } = this.elements;
    const looked = most?.run === run.id && most.step === selection.step && most.layer === selection.layer;
    if (!looked) {
      setText(found, "");
      found.title = "";
      return;
    }
    const words = {
      network: named(most.network, t),
      layer: named(most.layer, t),
      drift: driftText(scene, driftShown(scene), most.value),
      step: most.step.toLocaleString(t("locale")),
      quantity: driftName(scene, driftShown(scene)),
    };
    setText(found, t("timeline.most.is", words));
    found.title = t(isLive(run) ? "timeline.most.so_far" : "timeline.most.found", words);
  }

  /** @param {Scene} scene @param {number} now */
  #replay(scene, now) {
    const from = scene.selection.step ?? 0;
    const next = this.replay.next(from, mainStream(scene).lastStep, this.host.state().duration, now);
    if (next === null) return this.#stopAt(null);
    if (next !== from) this.seek(next);
    this.host.wake();
  }
}
