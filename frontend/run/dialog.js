/** What the page's dialogs have in common. */

import { h } from "../app/dom.js";

/** @param {HTMLDialogElement} dialog @param {() => void} act */
export function onBackdrop(dialog, act) {
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) act();
  });
}

/**
 * A dialog's title, and the button that closes it.
 * @param {HTMLDialogElement} dialog
 * @param {string} id
 * @param {string} title
 * @param {import("../types").Translate} t
 */
export const dialogHead = (dialog, id, title, t) =>
  h(
    "div",
    { class: "head" },
    h("h2", { id }, title),
    h(
      "button",
      { type: "button", class: "plain", "aria-label": t("close"), on: { click: () => dialog.close() } },
      "✕",
    ),
  );
