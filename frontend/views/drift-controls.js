/** Which drift is shown, as two choices: what is measured, and since when. */

import { driftChosen, driftQuantities } from "./drift.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").Control} Control */
/** @typedef {import("./drift.js").Kind} Kind */

/** A quantity's two parts; where it has no second one, all of it is what is measured. @param {string} quantity */
function partsOf(quantity) {
  const [, what = quantity, since = ""] = /^(.+)_from_(start|previous)$/.exec(quantity) ?? [];
  return { what, since };
}

/**
 * What is measured, in the page's words; of single units, what it is of all values.
 * @param {Scene} scene @param {string} what
 */
function whatText({ t }, what) {
  const unit = what.startsWith("unit_");
  const measure = what.replace(/^unit_/, "").replace(/^batch_/, "");
  const key = `what.${measure}`;
  const text = t(key) === key ? t(`quantity.${what}`) : t(key);
  return unit ? t("drift.unit", { drift: text }) : text;
}

/**
 * The two choices of a kind of drift. What they choose is one quantity, by its recorded name.
 * @param {Scene} scene @param {Kind} kind
 * @returns {Control[]}
 */
export function driftControls(scene, kind) {
  const { t } = scene;
  const all = driftQuantities(scene, kind);
  const shown = partsOf(driftChosen(scene, kind) ?? "");
  const parts = all.map(partsOf);
  const find = (/** @type {string} */ what, /** @type {string} */ since) =>
    all.find((_, i) => parts[i].what === what && parts[i].since === since) ??
    all.find((_, i) => parts[i].what === what) ??
    all[0];
  const choose = (/** @type {string} */ quantity) => ({
    type: /** @type {const} */ ("choose"),
    name: kind,
    value: quantity === all[0] ? null : quantity,
  });
  const sinces = [...new Set(parts.filter(({ what }) => what === shown.what).map(({ since }) => since))];
  return [
    {
      kind: "select",
      name: "what",
      label: t("drift"),
      value: shown.what,
      options: [...new Set(parts.map(({ what }) => what))].map((value) => ({ value, text: whatText(scene, value) })),
      change: (what) => choose(find(what, shown.since)),
    },
    {
      kind: "select",
      name: "since",
      label: t("drift.since"),
      value: shown.since,
      options: sinces.map((value) => ({ value, text: t(`since.${value || "start"}`) })),
      change: (since) => choose(find(shown.what, since)),
    },
  ];
}
