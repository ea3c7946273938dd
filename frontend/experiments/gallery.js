/** The gallery: every experiment as a card, by what it is about. */

import { h } from "../app/dom.js";
import { localized } from "../app/i18n.js";
import { grouped, lastVerdict } from "./trial-state.js";

/** @typedef {import("../types").Translate} Translate */
/** @typedef {import("../types").Experiment} Experiment */
/** @typedef {import("../types").Trial} Trial */

/** A verdict in one word. @param {import("../types").Verdict} verdict @param {Translate} t */
export const badge = (verdict, t) =>
  h("span", { class: "badge", "data-kind": verdict.kind }, t(`verdict.${verdict.kind}`));

/**
 * @param {HTMLElement} root
 * @param {{experiments: Experiment[], trials: Trial[]}} what
 * @param {Translate} t
 * @param {{open: (experiment: Experiment) => void}} acts
 */
export function drawGallery(root, { experiments, trials }, t, acts) {
  const key = JSON.stringify([t("locale"), experiments.map((one) => [one.id, lastVerdict(trials, one.id)?.kind])]);
  if (root.dataset.key === key) return;
  root.dataset.key = key;
  const card = (/** @type {Experiment} */ one) => {
    const verdict = lastVerdict(trials, one.id);
    return h(
      "li",
      {},
      h(
        "a",
        {
          class: "claim",
          href: `?experiment=${one.id}`,
          "data-experiment": one.id,
          on: {
            click: (/** @type {MouseEvent} */ event) => {
              if (event.ctrlKey || event.metaKey || event.shiftKey) return;
              event.preventDefault();
              acts.open(one);
            },
          },
        },
        h("strong", {}, localized(one.title, t)),
        h("span", { class: "question" }, localized(one.question, t)),
        verdict ? badge(verdict, t) : null,
      ),
    );
  };
  root.replaceChildren(
    h("h2", { id: "gallery-title" }, t("gallery.title")),
    h("p", { class: "lead" }, t("gallery.lead", { count: experiments.length })),
    ...grouped(experiments).map(({ group, experiments: within }) =>
      h(
        "section",
        { "aria-labelledby": `group-${group}` },
        h("h3", { id: `group-${group}` }, t(`group.${group}`)),
        h("ul", { class: "claims" }, ...within.map(card)),
      ),
    ),
  );
}
