/** The gallery: every experiment as a card, by what it is about. */

import { h } from "../app/dom.js";
import { localized } from "../app/i18n.js";
import { badge } from "./badge.js";
import { grouped, lastVerdict } from "./trial-state.js";

/** @typedef {import("../types").Experiment} Experiment */
/** @typedef {import("../types").Verdict} Verdict */
/** @typedef {import("../app/state.js").State} State */

/**
 * A link of the page that opens without loading it anew.
 * @param {MouseEvent} event
 * @param {() => void} act
 */
function followHere(event, act) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  act();
}

/** @param {Experiment} experiment @param {Verdict | null} verdict @param {State} state @param {() => void} open */
const cardOf = ({ id, title, question }, verdict, { t }, open) =>
  h(
    "li",
    {},
    h(
      "a",
      {
        class: "claim",
        href: `?experiment=${id}`,
        "data-experiment": id,
        on: { click: (/** @type {MouseEvent} */ event) => followHere(event, open) },
      },
      h("strong", {}, localized(title, t)),
      h("span", { class: "question" }, localized(question, t)),
      verdict ? badge(verdict, t) : null,
    ),
  );

/**
 * @param {HTMLElement} root
 * @param {State} state
 * @param {(experiment: string) => void} open
 */
export function drawGallery(root, state, open) {
  const { t, experiments, trials } = state;
  const key = JSON.stringify([t("locale"), experiments.map((one) => [one.id, lastVerdict(trials, one.id)?.kind])]);
  if (root.dataset.key === key) return;
  root.dataset.key = key;
  const card = (/** @type {Experiment} */ one) => cardOf(one, lastVerdict(trials, one.id), state, () => open(one.id));
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
