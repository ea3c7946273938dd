/** A form drawn from a JSON Schema, and back: the page knows no field of RunConfig by name. */

import { h } from "../app/dom.js";
import { defaultOf, discriminator, partOf, tagOf } from "./schema.js";
import { drawField, errorText } from "./schema-field.js";
import { refuse } from "./schema-refusals.js";

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
 * @param {string[]} [first] paths of the fields that stand above all others, which are folded away
 * @returns {Form}
 */
export function makeForm(root, value, t, first = []) {
  const element = h("div", {});
  let current = structuredClone(value ?? defaultOf(root, root));
  let fields = 0;
  const newId = () => `field-${fields++}`;
  const redraw = () => {
    const open = element.querySelector("details")?.open ?? false;
    element.replaceChildren(...drawForm({ root, t, redraw, newId, first }, current, open));
  };
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
    .filter(({ name, kind }) => kind !== "constant" && !context.first.includes([...path, name].join(".")))
    .map(({ name, part, kind }) => {
      if (!(name in value)) value[name] = defaultOf(context.root, part);
      return { kind, element: drawPart(context, part, value, name, [...path, name]) };
    });
  return {
    fields: parts.filter(({ kind }) => !GROUPS.includes(kind)).map(({ element }) => element),
    groups: parts.filter(({ kind }) => GROUPS.includes(kind)).map(({ element }) => element),
  };
}

/**
 * The whole form: what stands first, and folded away its groups, then the fields of no group.
 * @param {Context} context
 * @param {any} value
 * @param {boolean} open whether the rest is unfolded
 */
function drawForm(context, value, open) {
  const { fields, groups } = partsOf(context, context.root, value, []);
  const general = h("fieldset", { class: "grid" }, h("legend", {}, context.t("form.general")), ...fields);
  const rest = h("div", { class: "form" }, ...groups, fields.length ? general : null);
  if (!context.first.length) return [rest];
  return [
    h("div", { class: "form first" }, ...context.first.flatMap((path) => drawFirst(context, value, path.split(".")))),
    h("details", { class: "more", open }, h("summary", {}, context.t("form.more")), rest),
  ];
}

/**
 * One field by its path; nothing where the objects that are chosen have none of that name.
 * @param {Context} context
 * @param {any} value
 * @param {string[]} path
 */
function drawFirst(context, value, path) {
  let schema = context.root;
  let holder = value;
  for (const [i, name] of path.slice(0, -1).entries()) {
    const part = partOf(context.root, schema.properties[name]);
    const tag = part.kind === "union" ? discriminator(part.schema) : "";
    if (tag && tag === path[i + 1])
      return [h("div", {}, kindRow(context, part, holder, name, path.slice(0, i + 1), `field.${name}`))];
    schema = tag ? optionOf(part.options, tag, holder[name][tag]) : part.schema;
    holder = holder[name];
  }
  const name = path[path.length - 1];
  const given = schema.properties[name];
  if (!given) return [];
  if (!(name in holder)) holder[name] = defaultOf(context.root, given);
  return [drawPart(context, given, holder, name, path)];
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
  if (kind === "union") return drawUnion(context, { kind, schema, options, nullable: false }, holder, name, path);
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

/** @param {Schema[]} options @param {string} tag @param {string} value */
const optionOf = (options, tag, value) => options.find((one) => tagOf(one, tag) === value) ?? options[0];

/**
 * The choice of one of several objects.
 * @param {Context} context
 * @param {import("./schema.js").Part} part
 * @param {any} holder
 * @param {string | number} name
 * @param {(string | number)[]} path of the object
 * @param {string} label
 */
function kindRow(context, { schema, options }, holder, name, path, label) {
  const { root, t } = context;
  const tag = discriminator(schema);
  const id = context.newId();
  const place = [...path, tag].join(".");
  const select = h(
    "select",
    { id },
    ...options.map((one) => h("option", { value: tagOf(one, tag) }, t(`option.${tagOf(one, tag)}`))),
  );
  select.value = holder[name][tag];
  select.addEventListener("change", () => {
    holder[name] = { ...defaultOf(root, optionOf(options, tag, select.value)), [tag]: select.value };
    context.redraw();
    /** @type {HTMLSelectElement | null} */ (document.querySelector(`[data-path="${place}"] select`))?.focus();
  });
  return h("div", { class: "row", "data-path": place }, h("label", { for: id }, t(label)), select, errorText());
}

/**
 * One of several objects: which, and its parts.
 * @param {Context} context
 * @param {import("./schema.js").Part} part
 * @param {any} holder
 * @param {string | number} name
 * @param {(string | number)[]} path
 */
function drawUnion(context, part, holder, name, path) {
  const tag = discriminator(part.schema);
  const chosen = optionOf(part.options, tag, holder[name][tag]);
  const isFirst = context.first.includes([...path, tag].join("."));
  const row = isFirst ? [] : [kindRow(context, part, holder, name, path, "form.kind")];
  return drawGroup(context, name, path, [...row, ...drawObject(context, chosen, holder[name], path)]);
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
