/** The elements of the timeline, and its keys; what they do is the timeline's. */

import { h, svg } from "../app/dom.js";
import { DURATIONS } from "./replay.js";

/**
 * @typedef {object} TimelineActs
 * @property {(step: number | null) => void} seek a step; null: the live end
 * @property {(by: number) => void} move some recorded frames on, or back
 * @property {(step: number) => void} scrub
 * @property {() => void} toggle
 * @property {() => void} toMost
 * @property {() => void} live
 * @property {() => void} leaveLayer
 * @property {(seconds: number) => void} setDuration
 *
 * @typedef {ReturnType<typeof makeElements>} TimelineElements
 */

/** @param {string} id @param {string} text @param {string} title @param {() => void} click */
const button = (id, text, title, click) =>
  h("button", { id, type: "button", "aria-label": title, title, on: { click } }, text);

/** @param {import("../types").Translate} t @param {TimelineActs} acts */
function makeScrubber(t, acts) {
  const range = h("input", { id: "scrub", type: "range", min: "0", max: "1", step: "1", value: "1" });
  range.setAttribute("aria-label", t("timeline.step"));
  range.addEventListener("input", () => acts.scrub(Number(range.value)));
  return range;
}

/** @param {import("../types").Translate} t @param {number} seconds */
const inWords = (t, seconds) =>
  seconds < 60 ? t("timeline.seconds", { count: seconds }) : t("timeline.minutes", { count: seconds / 60 });

/** @param {import("../types").Translate} t @param {number} chosen @param {TimelineActs} acts */
function makeDurations(t, chosen, acts) {
  const duration = h(
    "select",
    { id: "duration", title: t("timeline.duration"), "aria-label": t("timeline.duration") },
    ...DURATIONS.map((one) => h("option", { value: String(one), selected: one === chosen }, inWords(t, one))),
  );
  duration.addEventListener("change", () => acts.setDuration(Number(duration.value)));
  return duration;
}

/**
 * It replays what was recorded: its sign is not that of a training that goes on.
 * @param {import("../types").Translate} t @param {TimelineActs} acts
 */
function replayButton(t, acts) {
  const play = button("play", "", t("timeline.play"), acts.toggle);
  play.classList.add("replay");
  play.append(
    svg(
      "svg",
      { viewBox: "0 0 20 20", "aria-hidden": "true" },
      svg("path", { class: "again", d: "M4.2 8.2A6.2 6.2 0 1 1 4 12M4 3.6v4.8h4.8" }),
      svg("path", { class: "hold", d: "M7 5v10M13 5v10" }),
    ),
  );
  return play;
}

/**
 * @param {import("../types").Translate} t
 * @param {number} duration of a replay, in seconds
 * @param {TimelineActs} acts
 */
export const makeElements = (t, duration, acts) => ({
  toStart: button("to-start", "«", t("timeline.first"), () => acts.seek(0)),
  back: button("back", "‹", t("timeline.back"), () => acts.move(-1)),
  play: replayButton(t, acts),
  on: button("on", "›", t("timeline.on"), () => acts.move(1)),
  most: h(
    "button",
    { id: "most", type: "button", title: t("timeline.most"), on: { click: acts.toMost } },
    t("timeline.most.short"),
  ),
  range: makeScrubber(t, acts),
  found: h("span", { class: "found", role: "status" }),
  arrived: h("span", { class: "arrived" }),
  at: h("span", { class: "at" }),
  duration: makeDurations(t, duration, acts),
  live: h("button", { id: "live", type: "button", on: { click: acts.live } }),
});

/** @param {HTMLElement} root @param {TimelineElements} elements @param {HTMLElement} marks */
export function arrange(root, { toStart, back, play, on, most, range, found, arrived, at, duration, live }, marks) {
  root.replaceChildren(
    h("div", { class: "buttons" }, toStart, back, play, on, most),
    h("div", { class: "track" }, range, marks),
    found,
    arrived,
    at,
    duration,
    live,
  );
}

/** Whether a key is meant for something else. @param {HTMLElement} root @param {KeyboardEvent} event */
function isElsewhere(root, event) {
  const target = /** @type {HTMLElement} */ (event.target);
  return (
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    target.closest("input:not(#scrub), select, textarea") !== null ||
    (event.key === " " && target.closest("button") !== null) ||
    root.hidden ||
    document.querySelector("dialog[open]") !== null
  );
}

/**
 * Keys move through the run, wherever the focus is but in a field.
 * @param {HTMLElement} root @param {TimelineActs} acts
 */
export function followKeys(root, acts) {
  document.addEventListener("keydown", (event) => {
    if (isElsewhere(root, event)) return;
    const frames = event.shiftKey ? 10 : 1;
    const actions = /** @type {Record<string, () => void>} */ ({
      ArrowLeft: () => acts.move(-frames),
      ArrowRight: () => acts.move(frames),
      Home: () => acts.seek(0),
      End: acts.live,
      l: acts.live,
      L: acts.live,
      " ": acts.toggle,
      Escape: acts.leaveLayer,
    });
    if (!(event.key in actions)) return;
    event.preventDefault();
    actions[event.key]();
  });
}
