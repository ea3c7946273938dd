/** One scrubber for all charts: any step of the run, events, replay, and back to the live end. */

import { byId, h, setText } from "../app/dom.js";
import { named } from "../app/i18n.js";
import { noticeOf, worded } from "../app/server-messages.js";
import { detect, mostShift } from "./event-detection.js";

/** @typedef {import("../types").Scene} Scene */

const SPEEDS = [0.25, 0.5, 1, 2, 4];
const REPLAY_SECONDS = 12;
const SEARCH_EVERY = 3000;
/** Kinds of events that say nothing of the training. */
const ABOUT_THE_RUN = new Set(["state", "name"]);

/**
 * @param {{state: () => import("../app/state.js").State, t: () => import("../types").Translate,
 *   dispatch: (action: import("../app/store.js").Action) => void,
 *   scene: () => Scene | null, wake: () => void,
 *   arrived: () => number}} host `arrived`: the share of the run that is in the page
 */
export function makeTimeline(host) {
  const root = byId("timeline");
  /** @type {Record<string, any>} */
  let parts = {};
  let speed = 1;
  let before = 0;
  let drawnEvents = "";
  /** @type {import("../types").RunEvent[]} */
  let found = [];
  let foundFor = "";
  let searched = 0;

  /**
   * The steps that can be shown: those whose whole rows are kept, of the stream with the most.
   * @param {Scene} scene
   */
  const main = (scene) =>
    scene.history.stream(
      scene.layoutIndex.stream("layers") ?? scene.layoutIndex.stream("steps") ?? scene.header.layouts[0].stream,
    );

  /** @param {number | null} step */
  const seek = (step) => host.dispatch({ type: "select", selection: { step } });

  /** Go some recorded frames on (or back). @param {number} by */
  function move(by) {
    const scene = host.scene();
    if (!scene) return;
    const stream = main(scene);
    const at = scene.selection.step === null ? stream.count - 1 : stream.position(scene.selection.step);
    const next = Math.min(stream.count - 1, Math.max(0, at + by));
    host.dispatch({ type: "playing", playing: false });
    seek(next < 0 ? null : stream.steps[stream.order[next]]);
  }

  function toggle() {
    const scene = host.scene();
    if (!scene) return;
    const playing = !host.state().playing;
    if (playing && (scene.selection.step === null || scene.selection.step >= main(scene).lastStep)) seek(0);
    before = 0;
    host.dispatch({ type: "playing", playing });
    host.wake();
  }

  function live() {
    host.dispatch({ type: "playing", playing: false });
    seek(null);
  }

  function build() {
    const t = host.t();
    const button = (
      /** @type {string} */ id,
      /** @type {string} */ text,
      /** @type {string} */ key,
      /** @type {() => void} */ act,
    ) => h("button", { id, type: "button", "aria-label": t(key), title: t(key), on: { click: act } }, text);
    parts = {
      play: button("play", "▶", "timeline.play", toggle),
      range: h("input", {
        id: "scrub",
        type: "range",
        min: "0",
        max: "1",
        step: "1",
        value: "1",
        "aria-label": t("timeline.step"),
        on: {
          input: () => {
            host.dispatch({ type: "playing", playing: false });
            seek(Number(parts.range.value));
          },
        },
      }),
      marks: h("div", { class: "marks" }),
      arrived: h("span", { class: "arrived" }),
      at: h("span", { class: "at" }),
      live: h("button", { id: "live", type: "button", on: { click: live } }),
      speed: h(
        "select",
        { "aria-label": t("timeline.speed"), on: { change: () => (speed = Number(parts.speed.value)) } },
        ...SPEEDS.map((one) => h("option", { value: String(one), selected: one === speed }, `${one}×`)),
      ),
    };
    drawnEvents = "";
    root.replaceChildren(
      h(
        "div",
        { class: "buttons" },
        button("to-start", "«", "timeline.first", () => seek(0)),
        button("back", "‹", "timeline.back", () => move(-1)),
        parts.play,
        button("on", "›", "timeline.on", () => move(1)),
        h(
          "button",
          { id: "most", type: "button", title: t("timeline.most"), on: { click: toMost } },
          t("timeline.most.short"),
        ),
      ),
      h("div", { class: "track" }, parts.range, parts.marks),
      parts.arrived,
      parts.at,
      parts.speed,
      parts.live,
    );
    host.wake();
  }

  /** @param {Scene} scene */
  function drawEvents(scene) {
    const last = Math.max(1, main(scene).lastStep);
    const events = [...scene.events.filter((event) => !ABOUT_THE_RUN.has(event.kind)), ...found];
    const key = `${events.length}|${last}|${scene.t("locale")}`;
    if (key === drawnEvents) return;
    drawnEvents = key;
    parts.marks.replaceChildren(
      ...events.map((event) => {
        const words =
          worded(noticeOf(event), scene.t) ||
          scene.t(`event.${event.kind}`, {
            network: named(event.network, scene.t),
            layer: named(event.layer, scene.t),
          });
        const text = scene.t("event.text", { step: event.step, text: words });
        return h("button", {
          type: "button",
          "data-kind": event.kind,
          title: text,
          "aria-label": text,
          style: `left: ${Math.min(100, (100 * event.step) / last)}%`,
          on: { click: () => seek(event.step) },
        });
      }),
    );
  }

  let lastDraw = 0;
  /** @type {import("../types").Selection | null} */
  let drawnSelection = null;
  /** Called in every frame. @param {Scene} scene @param {number} now */
  function follow(scene, now) {
    if (host.state().playing) replay(scene, now);
    const { selection } = host.state();
    if (now - lastDraw < 90 && selection.step === null && selection === drawnSelection) return;
    lastDraw = now;
    drawnSelection = selection;
    root.hidden = false;
    const last = main(scene).lastStep;
    if (parts.range.max !== String(last)) parts.range.max = String(last);
    const at = selection.step ?? last;
    if (Number(parts.range.value) !== at) parts.range.value = String(at);
    setText(parts.at, scene.t("progress.at", { step: at.toLocaleString(scene.t("locale")) }));
    const arrived = host.arrived();
    setText(parts.arrived, arrived < 1 ? scene.t("timeline.arrived", { percent: Math.floor(100 * arrived) }) : "");
    parts.range.setAttribute("aria-valuetext", parts.at.textContent);
    const liveNow = selection.step === null;
    parts.live.setAttribute("aria-pressed", String(liveNow));
    setText(parts.live, scene.t("timeline.live"));
    setText(parts.play, host.state().playing ? "⏸" : "▶");
    parts.play.setAttribute("aria-label", scene.t(host.state().playing ? "timeline.pause" : "timeline.play"));
    search(scene, now);
    drawEvents(scene);
  }

  /**
   * Search the history for events, now and then: at once when another run is shown.
   * @param {Scene} scene
   * @param {number} now
   */
  function search(scene, now) {
    if (foundFor === scene.run.id && now - searched < SEARCH_EVERY) return;
    if (foundFor !== scene.run.id) found = [];
    foundFor = scene.run.id;
    searched = now;
    found = detect(scene);
  }

  function toMost() {
    const scene = host.scene();
    const most = scene && mostShift(scene);
    if (most) host.dispatch({ type: "select", selection: { step: most.step, layer: most.layer } });
  }

  /** Move the replay on: the whole run takes REPLAY_SECONDS at speed 1. @param {Scene} scene @param {number} now */
  function replay(scene, now) {
    const passed = before === 0 ? 0 : (now - before) / 1000;
    before = now;
    const stream = main(scene);
    const from = scene.selection.step ?? 0;
    const pace = Math.max(stream.lastStep / REPLAY_SECONDS, 1) * speed;
    position = from === Math.round(position) ? position + passed * pace : from;
    if (position >= stream.lastStep) return live();
    if (Math.round(position) !== from) seek(Math.round(position));
    host.wake();
  }
  let position = 0;

  document.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      target.closest("input:not(#scrub), select, textarea") ||
      root.hidden ||
      document.querySelector("dialog[open]")
    )
      return;
    const actions = /** @type {Record<string, () => void>} */ ({
      ArrowLeft: () => move(event.shiftKey ? -10 : -1),
      ArrowRight: () => move(event.shiftKey ? 10 : 1),
      Home: () => seek(0),
      End: live,
      l: live,
      L: live,
      " ": toggle,
      Escape: () => host.dispatch({ type: "select", selection: { layer: null } }),
    });
    if (!(event.key in actions) || (event.key === " " && target.closest("button"))) return;
    event.preventDefault();
    actions[event.key]();
  });

  return { build, follow, seek, toggle };
}
