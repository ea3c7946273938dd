/** Draws what can be chosen above a chart, from what its view says of it. */

import { h, setText } from "../app/dom.js";

/** @typedef {import("../types").Control} Control */
/** @typedef {{element: HTMLElement, show: (value: string) => void}} Field */

/** What of a control is drawn; its value and what it does change without a redraw. @param {Control} control */
const shapeOf = ({ kind, name, label, options, max }) => JSON.stringify([kind, name, label, options, max]);

/**
 * A select, or a number: what is out of its bounds is refused beside it, and stays there to be mended.
 * @param {Control} control
 * @param {(value: string) => void} change
 * @param {import("../types").Translate} t
 * @returns {Field}
 */
function fieldOf({ kind, name, label, options = [], max }, change, t) {
  /** @type {HTMLSelectElement | HTMLInputElement} */
  const field =
    kind === "select"
      ? h("select", { class: name }, ...options.map(({ value, text }) => h("option", { value }, text)))
      : h("input", { class: name, type: "number", min: "0", step: "1", ...(max === undefined ? {} : { max }) });
  const error = h("span", { class: "error", role: "alert" });
  field.addEventListener("change", () => {
    const valid = field.checkValidity();
    setText(error, valid ? "" : t("control.refused", { low: 0, high: (max ?? 0).toLocaleString(t("locale")) }));
    if (valid) field.removeAttribute("aria-invalid");
    else field.setAttribute("aria-invalid", "true");
    if (valid) change(field.value);
  });
  return {
    element: h("label", {}, label, field, kind === "select" ? null : error),
    show(value) {
      const kept = document.activeElement === field || field.hasAttribute("aria-invalid");
      if (!kept && field.value !== value) field.value = value;
    },
  };
}

/**
 * All options beside each other, the chosen one pressed.
 * @param {Control} control
 * @param {(value: string) => void} change
 * @returns {Field}
 */
function switchOf({ name, label, options = [] }, change) {
  const buttons = options.map(({ value, text }) =>
    h("button", { type: "button", value, on: { click: () => change(value) } }, text),
  );
  const group = h("span", { class: "switch", "data-name": name, role: "group", "aria-label": label }, ...buttons);
  return {
    element: h("span", { class: "labelled" }, label, group),
    show(chosen) {
      for (const button of buttons) button.setAttribute("aria-pressed", String(button.value === chosen));
    },
  };
}

/**
 * The controls of one chart. A choice among less than two is not shown.
 * @param {(action: import("../app/store.js").Action) => void} dispatch
 * @param {import("../types").Translate} t
 */
export function makeControls(dispatch, t) {
  const element = h("div", { class: "choices" });
  /** @type {{control: Control, shape: string, field: Field}[]} */
  let drawn = [];

  /** @param {Control[]} controls */
  function redraw(controls) {
    drawn = controls.map((control, i) => {
      const change = (/** @type {string} */ value) => dispatch(drawn[i].control.change(value));
      const field = control.kind === "switch" ? switchOf(control, change) : fieldOf(control, change, t);
      return { control, shape: shapeOf(control), field };
    });
    element.replaceChildren(...drawn.map(({ field }) => field.element));
  }

  /** @param {Control[]} all */
  function refresh(all) {
    const controls = all.filter(({ options }) => options === undefined || options.length > 1);
    element.hidden = controls.length === 0;
    if (controls.length !== drawn.length || controls.some((one, i) => shapeOf(one) !== drawn[i].shape))
      redraw(controls);
    controls.forEach((control, i) => {
      drawn[i].control = control;
      drawn[i].field.show(control.value);
    });
  }

  return { element, refresh };
}
