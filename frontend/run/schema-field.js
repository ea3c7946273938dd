/** One field of a form: its label, its input, what it means, and what was refused about it. */

import { h } from "../app/dom.js";
import { named } from "../app/i18n.js";
import { boundsOf, partOf } from "./schema.js";

/** @typedef {import("./schema.js").Schema} Schema */
/** @typedef {import("./schema.js").Part} Part */
/** @typedef {import("../types").Translate} Translate */

/**
 * @typedef {object} Context what all parts of one form share
 * @property {Schema} root
 * @property {Translate} t
 * @property {() => void} redraw
 * @property {() => string} newId
 * @property {string[]} first paths of the fields that stand above all others
 */

/** Where a refusal is shown. @param {string} [id] */
export const errorText = (id) => h("p", { class: "error", role: "alert", hidden: true, id });

/** @param {Part} part @param {any} value @param {Translate} t */
function inputOf({ kind, schema, nullable, options }, value, t) {
  if (kind === "choice") {
    const select = h("select", {}, ...options.map((one) => h("option", { value: one }, t(`option.${one}`))));
    select.value = value;
    return select;
  }
  if (kind === "boolean") return h("input", { type: "checkbox", checked: value });
  const common = { required: !nullable, value: value ?? "" };
  if (kind === "text")
    return h("input", { type: "text", maxLength: schema.maxLength, ...common, value: named(common.value, t) });
  const { low, high } = boundsOf(schema);
  return h("input", { type: "number", min: low, max: high, step: kind === "integer" ? 1 : "any", ...common });
}

/** What an input holds, as the config wants it. @param {Part} part @param {any} input */
function read({ kind, nullable }, input) {
  if (kind === "boolean") return input.checked;
  if (kind !== "number" && kind !== "integer") return input.value;
  if (input.value === "") return nullable ? null : "";
  return Number(input.value);
}

/** What a field means, and its bounds. @param {Schema} schema @param {Translate} t */
function hintOf(schema, t) {
  const described = t.message(schema.description ?? "");
  const { low, high } = boundsOf(schema);
  const bounded = low !== undefined && high !== undefined;
  const bounds = bounded
    ? t("form.bounds", { low: low.toLocaleString(t("locale")), high: high.toLocaleString(t("locale")) })
    : "";
  return [described, bounds].filter(Boolean).join(" · ");
}

/**
 * @param {Context} context
 * @param {Schema} given
 * @param {any} holder the object or list that holds the value
 * @param {string | number} name of the value in it
 * @param {(string | number)[]} path
 */
export function drawField({ root, t, newId }, given, holder, name, path) {
  const part = partOf(root, given);
  const id = newId();
  const input = Object.assign(inputOf(part, holder[name], t), { id });
  input.setAttribute("aria-describedby", `${id}-hint ${id}-error`);
  // A name that the program made up is shown worded, and stays itself while nobody writes another.
  const [shown, kept] = [input.value, holder[name]];
  input.addEventListener("input", () => {
    holder[name] = part.kind === "text" && input.value === shown ? kept : read(part, input);
  });
  return h(
    "div",
    { class: "row", "data-path": path.join(".") },
    h("label", { for: id }, t(`field.${name}`)),
    input,
    h("small", { id: `${id}-hint` }, hintOf(part.schema, t)),
    errorText(`${id}-error`),
  );
}
