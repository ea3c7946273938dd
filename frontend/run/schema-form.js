/** A form drawn from a JSON Schema, and back: the page knows no field of RunConfig by name. */

import { h } from "../app/dom.js";
import { noticeOf, worded } from "../app/server-messages.js";
import { defaultOf, discriminator, nearest, partOf, tagOf } from "./schema.js";
import { drawField, errorText } from "./schema-field.js";

/** @typedef {import("./schema.js").Schema} Schema */
/** @typedef {import("./schema-field.js").Context} Context */
/** @typedef {import("../types").FieldRefusal} FieldRefusal */

/**
 * @typedef {object} Form
 * @property {HTMLElement} element
 * @property {() => any} value
 * @property {(value: any) => void} fill
 * @property {(fields: FieldRefusal[]) => string[]} refuse shows each message beside its field; returns those of no
 *   field
 */

/**
 * @param {Schema} root
 * @param {any} value
 * @param {import("../types").Translate} t
 * @returns {Form}
 */
export function makeForm(root, value, t) {
  const element = h("div", { class: "form" });
  let current = structuredClone(value ?? defaultOf(root, root));
  let fields = 0;
  const newId = () => `field-${fields++}`;
  const redraw = () => element.replaceChildren(...drawForm({ root, t, redraw, newId }, current));
  redraw();
  return {
    element,
    value: () => structuredClone(current),
    fill(next) {
      current = structuredClone(next);
      redraw();
    },
    refuse: (refusals) => refuse(element, refusals, t),
  };
}

const GROUPS = ["object", "union", "list"];

/**
 * The parts of an object: single fields, and groups of fields.
 * @param {Context} context
 * @param {Schema} schema
 * @param {any} value
 * @param {(string | number)[]} path
 */
function partsOf(context, schema, value, path) {
  const parts = Object.entries(/** @type {Record<string, Schema>} */ (schema.properties ?? {}))
    .map(([name, part]) => ({ name, part, kind: partOf(context.root, part).kind }))
    .filter(({ kind }) => kind !== "constant")
    .map(({ name, part, kind }) => {
      if (!(name in value)) value[name] = defaultOf(context.root, part);
      return { kind, element: drawPart(context, part, value, name, [...path, name]) };
    });
  return {
    fields: parts.filter(({ kind }) => !GROUPS.includes(kind)).map(({ element }) => element),
    groups: parts.filter(({ kind }) => GROUPS.includes(kind)).map(({ element }) => element),
  };
}

/** The whole form: its groups, then the fields of no group. @param {Context} context @param {any} value */
function drawForm(context, value) {
  const { fields, groups } = partsOf(context, context.root, value, []);
  if (!fields.length) return groups;
  return [...groups, h("fieldset", { class: "grid" }, h("legend", {}, context.t("form.general")), ...fields)];
}

/**
 * @param {Context} context
 * @param {Schema} given
 * @param {any} holder the object or list that holds the value
 * @param {string | number} name of the value in it
 * @param {(string | number)[]} path
 * @returns {HTMLElement}
 */
function drawPart(context, given, holder, name, path) {
  const { kind, schema, options } = partOf(context.root, given);
  if (kind === "object") return drawGroup(context, name, path, drawObject(context, schema, holder[name], path));
  if (kind === "list") return drawList(context, schema, holder[name], name, path);
  if (kind === "union") return drawUnion(context, schema, options, holder, name, path);
  return drawField(context, given, holder, name, path);
}

/** @param {Context} context @param {Schema} schema @param {any} value @param {(string | number)[]} path */
function drawObject(context, schema, value, path) {
  const { fields, groups } = partsOf(context, schema, value, path);
  return [...fields, ...groups];
}

/**
 * @param {Context} context
 * @param {string | number} name
 * @param {(string | number)[]} path
 * @param {HTMLElement[]} children
 */
const drawGroup = ({ t }, name, path, children) =>
  h(
    "fieldset",
    { class: "grid", "data-path": path.join(".") },
    h("legend", {}, t(`field.${name}`)),
    ...children,
    errorText(),
  );

/**
 * One of several objects: which, and its parts.
 * @param {Context} context
 * @param {Schema} schema
 * @param {Schema[]} options
 * @param {any} holder
 * @param {string | number} name
 * @param {(string | number)[]} path
 */
function drawUnion(context, schema, options, holder, name, path) {
  const { root, t } = context;
  const tag = discriminator(schema);
  const optionOf = (/** @type {string} */ value) => options.find((one) => tagOf(one, tag) === value) ?? options[0];
  const id = context.newId();
  const select = h(
    "select",
    { id },
    ...options.map((one) => h("option", { value: tagOf(one, tag) }, t(`option.${tagOf(one, tag)}`))),
  );
  select.value = holder[name][tag];
  select.addEventListener("change", () => {
    holder[name] = { ...defaultOf(root, optionOf(select.value)), [tag]: select.value };
    context.redraw();
    const drawn = document.querySelector(`[data-path="${path.join(".")}"] select`);
    /** @type {HTMLSelectElement | null} */ (drawn)?.focus();
  });
  const row = h("div", { class: "row" }, h("label", { for: id }, t("form.kind")), select);
  return drawGroup(context, name, path, [row, ...drawObject(context, optionOf(select.value), holder[name], path)]);
}

/**
 * @param {Context} context
 * @param {Schema} schema
 * @param {any[]} list
 * @param {string | number} name
 * @param {(string | number)[]} path
 */
function drawList(context, schema, list, name, path) {
  const { root, t, redraw } = context;
  const click = () => {
    list.push(defaultOf(root, schema.items));
    redraw();
  };
  return h(
    "fieldset",
    { class: "list", "data-path": path.join(".") },
    h("legend", {}, t(`field.${name}`)),
    h("div", { class: "items" }, ...list.map((_, i) => drawItem(context, schema, list, i, path))),
    h(
      "button",
      { type: "button", disabled: list.length >= (schema.maxItems ?? Infinity), on: { click } },
      t("form.add"),
    ),
    errorText(),
  );
}

/**
 * An item of a list, which has a number instead of a name; it can be taken away while more than enough are there.
 * @param {Context} context
 * @param {Schema} schema of the list
 * @param {any[]} list
 * @param {number} i
 * @param {(string | number)[]} path of the list
 */
function drawItem(context, schema, list, i, path) {
  const { t, redraw } = context;
  const word = (/** @type {string} */ key, /** @type {any} */ values) =>
    key === `field.${i}` ? t("form.item", { number: i + 1 }) : t(key, values);
  const numbered = Object.assign(word, { message: t.message, notice: t.notice });
  const click = () => {
    list.splice(i, 1);
    redraw();
  };
  const removable = list.length > (schema.minItems ?? 0);
  return h(
    "div",
    {},
    drawPart({ ...context, t: numbered }, schema.items, list, i, [...path, i]),
    removable
      ? h("button", { type: "button", class: "plain", on: { click } }, t("form.remove", { number: i + 1 }))
      : null,
  );
}

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
function refuse(form, refusals, t) {
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
    const input = /** @type {HTMLElement | null} */ (part.querySelector(":scope > input, :scope > select"));
    input?.setAttribute("aria-invalid", "true");
    if (input) inputs.push(input);
  }
  inputs[0]?.focus();
  return ofNoField;
}
