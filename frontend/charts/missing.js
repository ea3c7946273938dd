/** What a card says of a chart that nothing was recorded for: why, and the line that a script lacks, to be copied. */

import { h } from "../app/dom.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").View} View */

const COPIED_FOR = 1500;

/** Whether a view shows something of a run, or what it lacks for that. @param {View} view @param {Scene} scene */
export const hasCard = (view, scene) => view.available(scene) || Boolean(view.missing?.(scene));

/**
 * @param {{text: string, code: string}} missing
 * @param {import("../types").Translate} t
 */
export function missingParts({ text, code }, t) {
  const copy = h("button", { type: "button" }, t("copy"));
  copy.addEventListener("click", async () => {
    await navigator.clipboard?.writeText(code);
    copy.textContent = t("copied");
    setTimeout(() => {
      copy.textContent = t("copy");
    }, COPIED_FOR);
  });
  return [h("span", {}, text), h("span", { class: "line" }, h("code", {}, code), copy)];
}
