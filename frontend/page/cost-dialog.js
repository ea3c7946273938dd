/** What measuring costs the open run, in a dialog: it is no picture of the training. */

import { byId, h } from "../app/dom.js";
import { makePanel } from "../charts/panel.js";
import { dialogHead } from "../run/dialog.js";
import { cost } from "../views/cost.js";

/** @typedef {import("../types").Scene} Scene */

export class CostDialog {
  /**
   * @param {import("../app/store.js").Store} store
   * @param {() => Scene | null} scene of the open run
   */
  constructor(store, scene) {
    this.store = store;
    this.scene = scene;
    /** @type {HTMLDialogElement} */
    this.dialog = byId("cost");
    this.button = byId("show-cost");
    /** @type {ReturnType<typeof makePanel> | null} */
    this.panel = null;
    this.button.addEventListener("click", () => this.open());
    this.dialog.addEventListener("close", () => this.#clear());
  }

  /** The button stands where there is something to show. */
  draw() {
    const layouts = this.store.state.header?.layouts ?? [];
    this.button.hidden = !layouts.some(({ name }) => name === "cost");
  }

  open() {
    const first = this.scene();
    if (!first || !cost.available(first)) return;
    this.panel = makePanel(cost, /** @type {any} */ (first), {
      scene: () => /** @type {any} */ (this.scene() ?? first),
      drawable: () => this.store.state.drawable,
      dispatch: this.store.dispatch,
    });
    const { t } = first;
    this.dialog.replaceChildren(
      dialogHead(this.dialog, "cost-title", t("view.cost"), t),
      h("div", { class: "body" }, h("p", {}, t("help.cost")), this.panel.element),
    );
    this.dialog.showModal();
    this.panel.wake();
  }

  #clear() {
    this.panel?.destroy();
    this.panel = null;
    this.dialog.replaceChildren();
  }

  /** Go on with the run; called in every frame. */
  follow() {
    this.panel?.wake();
  }
}
