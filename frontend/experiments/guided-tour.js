/** The guided tour: three steps of looking, one at a time; each leads to its chart. */

import { h } from "../app/dom.js";
import { localized } from "../app/i18n.js";

/** @typedef {import("../types").Translate} Translate */

/** @param {HTMLElement} stage @param {string | null} view */
export function pointAt(stage, view) {
  for (const card of stage.querySelectorAll(".card"))
    card.classList.toggle("looked-at", /** @type {HTMLElement} */ (card).dataset.view === view);
}

/** Bring a chart onto the screen. @param {HTMLElement} stage @param {string} view */
export function leadTo(stage, view) {
  const smooth = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  stage
    .querySelector(`[data-view="${CSS.escape(view)}"]`)
    ?.scrollIntoView({ block: "nearest", behavior: smooth ? "smooth" : "auto" });
}

/**
 * @param {HTMLElement} root
 * @param {import("../types").Experiment} experiment
 * @param {number} at step, from 0
 * @param {Translate} t
 * @param {{go: (at: number) => void, close: () => void, next: () => void}} acts
 */
export function drawGuide(root, experiment, at, t, acts) {
  const key = [t("locale"), experiment.id, at].join("|");
  if (root.dataset.key === key) return;
  root.dataset.key = key;
  const { view, text } = experiment.looks[at];
  const last = at === experiment.looks.length - 1;
  const within = root.contains(document.activeElement);
  const on = h(
    "button",
    {
      id: "guide-next",
      type: "button",
      class: "primary",
      on: { click: () => (last ? acts.close() : acts.go(at + 1)) },
    },
    t(last ? "guide.done" : "guide.next"),
  );
  root.replaceChildren(
    h(
      "p",
      { "aria-live": "polite" },
      h("span", { class: "count" }, t("guide.step", { at: at + 1, of: experiment.looks.length })),
      " ",
      h("strong", {}, t(`view.${view}`)),
      " ",
      h("span", {}, localized(text, t)),
      last && experiment.next
        ? h("span", { class: "change" }, ` ${t("guide.change")} ${localized(experiment.change, t)}`)
        : null,
    ),
    h(
      "div",
      { class: "acts" },
      h("button", { type: "button", disabled: at === 0, on: { click: () => acts.go(at - 1) } }, t("guide.back")),
      last && experiment.next ? h("button", { type: "button", on: { click: acts.next } }, t("trial.change")) : null,
      on,
      h("button", { type: "button", class: "plain", "aria-label": t("guide.close"), on: { click: acts.close } }, "✕"),
    ),
  );
  if (within) on.focus();
}
