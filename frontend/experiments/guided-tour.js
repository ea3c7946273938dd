/** The guided tour: three stops, one at a time; each leads to its chart. */

import { h } from "../app/dom.js";
import { localized, named } from "../app/i18n.js";

/** @typedef {import("../types").Translate} Translate */
/** @typedef {import("../types").Experiment} Experiment */
/** @typedef {{go: (step: number) => void, close: () => void, next: () => void}} Acts */

/** Mark the chart of this view, and no other. @param {HTMLElement} grid @param {string | null} view */
export function pointAt(grid, view) {
  for (const card of grid.querySelectorAll(".card"))
    card.classList.toggle("toured", /** @type {HTMLElement} */ (card).dataset.view === view);
}

/** Bring a chart onto the screen. @param {HTMLElement} grid @param {string} view */
export function leadTo(grid, view) {
  const smooth = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  grid
    .querySelector(`[data-view="${CSS.escape(view)}"]`)
    ?.scrollIntoView({ block: "nearest", behavior: smooth ? "smooth" : "auto" });
}

/** @param {Experiment} experiment @param {number} step @param {Translate} t */
function wordsOf(experiment, step, t) {
  const { view, text, run } = experiment.tour[step];
  const last = step === experiment.tour.length - 1;
  return h(
    "p",
    { "aria-live": "polite" },
    h("span", { class: "count" }, t("guide.step", { at: step + 1, of: experiment.tour.length })),
    " ",
    h("strong", {}, t(`view.${view}`)),
    run ? h("span", { class: "run" }, ` ${named(run, t)}`) : null,
    " ",
    h("span", {}, localized(text, t)),
    last && experiment.next
      ? h("span", { class: "change" }, ` ${t("guide.change")} ${localized(experiment.change, t)}`)
      : null,
  );
}

/**
 * @param {HTMLElement} root
 * @param {Experiment} experiment
 * @param {number} step from 0
 * @param {Translate} t
 * @param {Acts} acts
 */
export function drawGuide(root, experiment, step, t, acts) {
  const key = [t("locale"), experiment.id, step].join("|");
  if (root.dataset.key === key) return;
  root.dataset.key = key;
  const last = step === experiment.tour.length - 1;
  const focused = root.contains(document.activeElement);
  const button = (/** @type {string} */ text, /** @type {() => void} */ click, more = {}) =>
    h("button", { type: "button", ...more, on: { click } }, text);
  const on = button(t(last ? "guide.done" : "guide.next"), () => (last ? acts.close() : acts.go(step + 1)), {
    id: "guide-next",
    class: "primary",
  });
  root.replaceChildren(
    wordsOf(experiment, step, t),
    h(
      "div",
      { class: "acts" },
      button(t("guide.back"), () => acts.go(step - 1), { disabled: step === 0 }),
      last && experiment.next ? button(t("trial.change"), acts.next, { "data-needs": "start" }) : null,
      on,
      button("✕", acts.close, { class: "plain", "aria-label": t("guide.close") }),
    ),
  );
  if (focused) on.focus();
}
