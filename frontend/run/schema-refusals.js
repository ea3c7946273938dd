/** What was refused of a form, beside the fields that it is about. */

import { noticeOf, worded } from "../app/server-messages.js";
import { nearest } from "./schema.js";

/** @typedef {import("../types").FieldRefusal} FieldRefusal */

/** @param {HTMLElement} form */
function forgetRefusals(form) {
  for (const error of form.querySelectorAll("[data-path] > .error")) error.setAttribute("hidden", "");
  for (const input of form.querySelectorAll("[data-path] > [aria-invalid]")) input.removeAttribute("aria-invalid");
}

/**
 * Show each refusal at the deepest field that its location passes through.
 * @param {HTMLElement} form
 * @param {FieldRefusal[]} refusals
 * @param {import("../types").Translate} t
 */
export function refuse(form, refusals, t) {
  forgetRefusals(form);
  const parts = /** @type {HTMLElement[]} */ ([...form.querySelectorAll("[data-path]")]);
  const paths = parts.map((part) => part.dataset.path?.split(".") ?? []);
  /** @type {string[]} */
  const ofNoField = [];
  /** @type {HTMLElement[]} */
  const inputs = [];
  for (const { loc, msg, code, values } of refusals) {
    const words = worded(noticeOf({ message: msg, code, values }), t);
    const part = parts[nearest(paths, loc)];
    const error = part?.querySelector(":scope > .error");
    if (!error) {
      ofNoField.push(words);
      continue;
    }
    error.textContent = words;
    error.removeAttribute("hidden");
    for (let fold = part.closest("details"); fold; fold = fold.parentElement?.closest("details") ?? null)
      fold.open = true;
    const input = /** @type {HTMLElement | null} */ (part.querySelector(":scope > input, :scope > select"));
    input?.setAttribute("aria-invalid", "true");
    if (input) inputs.push(input);
  }
  inputs[0]?.focus();
  return ofNoField;
}
