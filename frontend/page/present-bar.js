/** The bar below a chart that is presented: which sentence, which chart, replay, full screen, and the way out. */

import { h, svg } from "../app/dom.js";
import { CORNERS } from "../charts/save.js";

/** @typedef {import("../types").Translate} Translate */
/**
 * @typedef {object} PresentActs
 * @property {(by: number) => void} tell the next sentence, or the one before
 * @property {(view: string) => void} choose a chart
 * @property {() => void} toggle the replay
 * @property {() => void} full the screen, or leave it
 * @property {() => void} leave
 */

const ICONS = {
  previous: "M12.5 4l-6 6 6 6",
  next: "M7.5 4l6 6-6 6",
  play: "M6 3.5l10 6.5-10 6.5zM3.5 3.5v13",
  full: CORNERS,
  leave: "M4.5 4.5l11 11M15.5 4.5l-11 11",
};

/** @param {keyof typeof ICONS} icon @param {string} title @param {Record<string, any>} more */
function button(icon, title, more) {
  const made = h("button", { type: "button", title, "aria-label": title, ...more });
  made.append(svg("svg", { viewBox: "0 0 20 20", "aria-hidden": "true" }, svg("path", { d: ICONS[icon] })));
  return made;
}

/** @param {Translate} t @param {PresentActs} acts @param {{id: string}[]} views that can be chosen */
export function makeBar(t, acts, views) {
  const which = h(
    "select",
    { title: t("present.which"), "aria-label": t("present.which") },
    ...views.map(({ id }) => h("option", { value: id }, t(`view.${id}`))),
  );
  which.addEventListener("change", () => acts.choose(which.value));
  return {
    previous: button("previous", t("present.previous"), { class: "previous", on: { click: () => acts.tell(-1) } }),
    at: h("span", { class: "at" }),
    next: button("next", t("present.next"), { class: "next", on: { click: () => acts.tell(1) } }),
    which,
    play: button("play", t("timeline.play"), { on: { click: acts.toggle } }),
    full: button("full", t("present.full"), { on: { click: acts.full } }),
    leave: button("leave", t("present.leave"), { on: { click: acts.leave } }),
  };
}
