/** How a trial ended, in a word. */

import { h } from "../app/dom.js";

/** @typedef {import("../types").Translate} Translate */

/** @param {import("../types").Verdict} verdict @param {Translate} t */
export const badge = (verdict, t) =>
  h("span", { class: "badge", "data-kind": verdict.kind }, t(`verdict.${verdict.kind}`));

/** The verdict of a trial; else whether it goes on. @param {import("../types").Trial} trial @param {Translate} t */
export const trialBadge = ({ verdict, ended }, t) =>
  verdict ? badge(verdict, t) : h("span", { class: "badge" }, t(ended ? "trial.without" : "trial.going_on"));
