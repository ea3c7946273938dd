/** Draws what can be chosen above a chart, from what its view says of it. */

import { h } from "../app/dom.js";

/** @typedef {import("../types").Control} Control */

/** What of a control is drawn; its value and what it does change without a redraw. @param {Control} control */
const shapeOf = ({ kind, name, label, options, max }) => JSON.stringify([kind, name, label, options, max]);

/**
 * @param {Control} control
 * @param {(value: string) => void} change
 */
function fieldOf({ kind, name, options = [], max }, change) {
  /** @type {HTMLSelectElement | HTMLInputElement} */
  const field =
    kind === "select"
      ? h("select", { class: name }, ...options.map(({ value, text }) => h("option", { value }, text)))
      : h("input", { class: name, type: "number", min: "0", step: "1", ...(max === undefined ? {} : { max }) });
  field.addEventListener("change", () => change(field.value));
  return field;
}

/**
 * The controls of one chart. A choice among less than two is not shown.
 * @param {(action: import("../app/store.js").Action) => void} dispatch
 */
export function makeControls(dispatch) {
  const element = h("div", { class: "choices" });
  /** @type {{control: Control, shape: string, field: HTMLSelectElement | HTMLInputElement}[]} */
  let drawn = [];

  /** @param {Control[]} controls */
  function redraw(controls) {
    drawn = controls.map((control, i) => ({
      control,
      shape: shapeOf(control),
      field: fieldOf(control, (value) => dispatch(drawn[i].control.change(value))),
    }));
    element.replaceChildren(...drawn.map(({ control, field }) => h("label", {}, control.label, field)));
  }

  /** @param {Control[]} all */
  function refresh(all) {
    const controls = all.filter(({ options }) => options === undefined || options.length > 1);
    element.hidden = controls.length === 0;
    if (controls.length !== drawn.length || controls.some((one, i) => shapeOf(one) !== drawn[i].shape))
      redraw(controls);
    controls.forEach((control, i) => {
      drawn[i].control = control;
      const { field } = drawn[i];
      if (document.activeElement !== field && field.value !== control.value) field.value = control.value;
    });
  }

  return { element, refresh };
}
