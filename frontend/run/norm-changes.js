/** What a person may do to batch normalization while it trains: a set of controls for each network that has it. */

import { h, setText } from "../app/dom.js";
import { named } from "../app/i18n.js";

/** @typedef {import("../types").Intervention} Intervention */
/** @typedef {import("../types").Translate} Translate */
/** @typedef {(network: string, change: Partial<Intervention>) => void} Change */

/** As the server has it where nothing was done. @type {Intervention} */
const NOTHING = { freeze_below: null, bn_strength: 1, freeze_affine: false, noise: 0 };

/**
 * The networks that have batch normalization.
 * @param {import("../types").Run} run
 * @returns {string[]}
 */
export const normalized = (run) =>
  (run.config?.variants ?? [])
    .filter((/** @type {any} */ one) => ["batch", "noisy_batch"].includes(one.normalization?.kind))
    .map((/** @type {any} */ one) => one.name);

/**
 * A slider and what it stands at; it sends where it was let go.
 * @param {string} text @param {{max: number, send: (value: number) => void}} how
 */
function slider(text, { max, send }) {
  const shown = h("output");
  const input = h("input", { type: "range", min: "0", max: String(max), step: "0.05" });
  const say = () => setText(shown, Number(input.value).toFixed(2));
  input.addEventListener("input", say);
  input.addEventListener("change", () => send(Number(input.value)));
  const set = (/** @type {number} */ value) => {
    if (document.activeElement !== input) input.value = String(value);
    say();
  };
  return { element: h("label", { class: "field" }, h("span", {}, text), input, shown), set };
}

export class NormChanges {
  /** @param {string} network @param {Translate} t @param {Change} change */
  constructor(network, t, change) {
    const send = (/** @type {keyof Intervention} */ name) => (/** @type {number | boolean} */ value) =>
      change(network, { [name]: value });
    this.strength = slider(t("change.bn_strength"), { max: 1, send: send("bn_strength") });
    this.noise = slider(t("change.noise"), { max: 2, send: send("noise") });
    this.affine = h("input", { type: "checkbox", id: `freeze-affine-${network}` });
    this.affine.addEventListener("change", () => send("freeze_affine")(this.affine.checked));
    this.element = h(
      "fieldset",
      {},
      h("legend", {}, named(network, t)),
      this.strength.element,
      h("label", { class: "field" }, this.affine, h("span", {}, t("change.freeze_affine"))),
      this.noise.element,
    );
  }

  /** @param {Intervention | undefined} done */
  show(done = NOTHING) {
    this.strength.set(done.bn_strength);
    this.noise.set(done.noise);
    this.affine.checked = done.freeze_affine;
  }
}
