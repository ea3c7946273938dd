/** What a chart shows, explained. */

import { byId, h } from "../app/dom.js";
import { dialogHead } from "../run/dialog.js";

/** @param {import("../types").View} view @param {import("../types").Translate} t */
export function showHelp(view, t) {
  /** @type {HTMLDialogElement} */
  const dialog = byId("help");
  const paragraphs = t(`help.${view.id}`).split("\n");
  dialog.replaceChildren(
    dialogHead(dialog, "help-title", t(`view.${view.id}`), t),
    h("div", { class: "body" }, ...paragraphs.map((text) => h("p", {}, text))),
  );
  dialog.showModal();
}
