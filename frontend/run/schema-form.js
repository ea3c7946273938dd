/** A form drawn from a JSON Schema (as pydantic writes it), and back: the page knows no field of RunConfig by name. */

import { h } from "../app/dom.js";
import { said } from "../app/server-messages.js";

/** @typedef {Record<string, any>} Schema */

/**
 * Follow a reference into the schema's definitions.
 * @param {Schema} root
 * @param {Schema} schema
 * @returns {Schema}
 */
export function resolve(root, schema) {
  if (!schema.$ref) return schema;
  const { $ref, ...rest } = schema;
  return { ...root.$defs[$ref.split("/").pop()], ...rest };
}

/**
 * What kind of control a schema wants.
 * @param {Schema} root
 * @param {Schema} given
 * @returns {{kind: "choice" | "constant" | "object" | "list" | "union" | "number" | "integer" | "boolean" | "text",
 *   schema: Schema, nullable: boolean, options?: any[]}}
 */
export function kindOf(root, given) {
  let schema = resolve(root, given);
  let nullable = false;
  if (schema.anyOf) {
    const others = schema.anyOf.filter((/** @type {Schema} */ one) => one.type !== "null");
    nullable = others.length < schema.anyOf.length;
    if (others.length === 1) schema = { ...schema, ...resolve(root, others[0]), anyOf: undefined };
  }
  if (schema.oneOf)
    return {
      kind: "union",
      schema,
      nullable,
      options: schema.oneOf.map((/** @type {Schema} */ one) => resolve(root, one)),
    };
  if ("const" in schema) return { kind: "constant", schema, nullable };
  if (schema.enum) return { kind: "choice", schema, nullable, options: schema.enum };
  if (schema.type === "object") return { kind: "object", schema, nullable };
  if (schema.type === "array") return { kind: "list", schema, nullable };
  if (schema.type === "number" || schema.type === "integer" || schema.type === "boolean")
    return { kind: schema.type, schema, nullable };
  return { kind: "text", schema, nullable };
}

/**
 * Discriminator of a union's option: its constant property.
 * @param {Schema} option
 * @param {string} name
 * @returns {string}
 */
export const tagOf = (option, name) => option.properties[name].const ?? option.properties[name].enum?.[0];

/**
 * The value that a schema stands for when nothing is said.
 * @param {Schema} root
 * @param {Schema} given
 * @returns {any}
 */
export function defaultOf(root, given) {
  if (given.default !== undefined) return structuredClone(given.default);
  const { kind, schema, nullable, options } = kindOf(root, given);
  if (schema.default !== undefined) return structuredClone(schema.default);
  if (nullable) return null;
  if (kind === "constant") return schema.const;
  if (kind === "union") return defaultOf(root, /** @type {Schema[]} */ (options)[0]);
  if (kind === "choice") return options?.[0];
  if (kind === "object")
    return Object.fromEntries(
      Object.entries(schema.properties ?? {}).map(([name, part]) => [name, defaultOf(root, part)]),
    );
  if (kind === "list") return Array.from({ length: schema.minItems ?? 0 }, () => defaultOf(root, schema.items));
  return kind === "boolean" ? false : kind === "text" ? "" : (schema.minimum ?? 0);
}

/**
 * @typedef {object} Form
 * @property {HTMLElement} element
 * @property {() => any} value
 * @property {(value: any) => void} fill
 * @property {(fields: {loc: (string | number)[],
 *   msg: string}[]) => string[]} refuse shows each message beside its field; returns those of no field
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
  const draw = () => element.replaceChildren(...drawObject({ root, t, redraw: draw }, root, current, []));
  draw();
  return {
    element,
    value: () => structuredClone(current),
    fill(next) {
      current = structuredClone(next);
      draw();
    },
    refuse: (fields) => refuse(element, fields, t),
  };
}

/** @typedef {{root: Schema, t: import("../types").Translate, redraw: () => void}} Context */

let count = 0;

/**
 * @param {Context} context
 * @param {Schema} schema
 * @param {any} value
 * @param {(string | number)[]} path
 * @returns {HTMLElement[]}
 */
function drawObject(context, schema, value, path) {
  /** @type {HTMLElement[]} */
  const simple = [];
  /** @type {HTMLElement[]} */
  const groups = [];
  for (const [name, part] of Object.entries(/** @type {Record<string, Schema>} */ (schema.properties ?? {}))) {
    const { kind } = kindOf(context.root, part);
    if (kind === "constant") continue;
    if (!(name in value)) value[name] = defaultOf(context.root, part);
    const drawn = drawPart(context, part, value, name, [...path, name]);
    (kind === "object" || kind === "union" || kind === "list" ? groups : simple).push(drawn);
  }
  const heading =
    path.length === 0 && simple.length
      ? [h("fieldset", { class: "grid" }, h("legend", {}, context.t("form.general")), ...simple)]
      : simple;
  return path.length === 0 ? [...groups, ...heading] : [...heading, ...groups];
}

/**
 * @param {Context} context
 * @param {Schema} part
 * @param {any} holder
 * @param {string | number} name
 * @param {(string | number)[]} path
 * @returns {HTMLElement}
 */
function drawPart(context, part, holder, name, path) {
  const { kind, schema, options } = kindOf(context.root, part);
  if (kind === "object") return group(context, name, path, drawObject(context, schema, holder[name], path));
  if (kind === "list") return drawList(context, schema, holder[name], name, path);
  if (kind === "union") return drawUnion(context, schema, /** @type {Schema[]} */ (options), holder, name, path);
  return drawField(context, part, holder, name, path);
}

/**
 * @param {Context} context
 * @param {string | number} name
 * @param {(string | number)[]} path
 * @param {HTMLElement[]} children
 */
const group = ({ t }, name, path, children) =>
  h(
    "fieldset",
    { class: "grid", "data-path": path.join(".") },
    h("legend", {}, t(`field.${name}`)),
    ...children,
    problem(),
  );

const problem = () => h("p", { class: "error", role: "alert", hidden: true });

/**
 * @param {Context} context
 * @param {Schema} schema
 * @param {Schema[]} options
 * @param {any} holder
 * @param {string | number} name
 * @param {(string | number)[]} path
 */
function drawUnion(context, schema, options, holder, name, path) {
  const tag = schema.discriminator?.propertyName ?? "kind";
  const id = `field-${count++}`;
  const select = h(
    "select",
    {
      id,
      on: {
        change: () => {
          const option = /** @type {Schema} */ (options.find((one) => tagOf(one, tag) === select.value));
          holder[name] = { ...defaultOf(context.root, option), [tag]: select.value };
          context.redraw();
          document.getElementById(id)?.focus();
        },
      },
    },
    ...options.map((option) => h("option", { value: tagOf(option, tag) }, context.t(`option.${tagOf(option, tag)}`))),
  );
  select.value = holder[name][tag];
  const option = options.find((one) => tagOf(one, tag) === select.value) ?? options[0];
  const row = h("div", { class: "row" }, h("label", { for: id }, context.t("form.kind")), select);
  // A refusal inside a union names the option too: config.optimizer.sgd.learning_rate.
  return group(context, name, path, [row, ...drawObject(context, option, holder[name], path)]);
}

/**
 * @param {Context} context
 * @param {Schema} schema
 * @param {any[]} list
 * @param {string | number} name
 * @param {(string | number)[]} path
 * @returns {HTMLElement}
 */
function drawList(context, schema, list, name, path) {
  const { t } = context;
  const items = list.map((_, i) =>
    h(
      "div",
      {},
      drawPart(
        {
          ...context,
          t: Object.assign(
            (/** @type {string} */ key, /** @type {any} */ values) =>
              key === `field.${i}` ? t("form.item", { number: i + 1 }) : t(key, values),
            { message: t.message },
          ),
        },
        schema.items,
        list,
        i,
        [...path, i],
      ),
      list.length > (schema.minItems ?? 0)
        ? h(
            "button",
            {
              type: "button",
              class: "plain",
              on: {
                click: () => {
                  list.splice(i, 1);
                  context.redraw();
                },
              },
            },
            t("form.remove", { number: i + 1 }),
          )
        : null,
    ),
  );
  const add = h(
    "button",
    {
      type: "button",
      disabled: list.length >= (schema.maxItems ?? Infinity),
      on: {
        click: () => {
          list.push(defaultOf(context.root, schema.items));
          context.redraw();
        },
      },
    },
    t("form.add"),
  );
  return h(
    "fieldset",
    { class: "list", "data-path": path.join(".") },
    h("legend", {}, t(`field.${name}`)),
    h("div", { class: "items" }, ...items),
    add,
    problem(),
  );
}

/**
 * @param {Context} context
 * @param {Schema} part
 * @param {any} holder
 * @param {string | number} name
 * @param {(string | number)[]} path
 */
function drawField(context, part, holder, name, path) {
  const { kind, schema, nullable, options } = kindOf(context.root, part);
  const { t } = context;
  const id = `field-${count++}`;
  const error = `${id}-error`;
  /** @type {HTMLInputElement | HTMLSelectElement} */
  let input;
  if (kind === "choice") {
    input = h("select", { id }, ...(options ?? []).map((one) => h("option", { value: one }, t(`option.${one}`))));
    input.value = holder[name];
  } else if (kind === "boolean") input = h("input", { id, type: "checkbox", checked: holder[name] });
  else {
    const number = kind === "number" || kind === "integer";
    const bounds = number
      ? {
          min: schema.minimum ?? schema.exclusiveMinimum,
          max: schema.maximum ?? schema.exclusiveMaximum,
          step: kind === "integer" ? 1 : "any",
        }
      : { maxLength: schema.maxLength };
    input = h("input", {
      id,
      type: number ? "number" : "text",
      required: !nullable,
      ...bounds,
      value: holder[name] ?? "",
    });
  }
  input.addEventListener("input", () => (holder[name] = read(kind, nullable, input)));
  const hint = hintOf(schema, t, name);
  input.setAttribute("aria-describedby", `${id}-hint ${error}`);
  return h(
    "div",
    { class: "row", "data-path": path.join(".") },
    h("label", { for: id }, t(`field.${name}`)),
    input,
    h("small", { id: `${id}-hint` }, hint),
    Object.assign(problem(), { id: error }),
  );
}

/** @param {string} kind @param {boolean} nullable @param {any} input */
function read(kind, nullable, input) {
  if (kind === "boolean") return input.checked;
  if (kind === "number" || kind === "integer")
    return input.value === "" ? (nullable ? null : "") : Number(input.value);
  return input.value;
}

/** @param {Schema} schema @param {import("../types").Translate} t @param {string | number} name */
function hintOf(schema, t, name) {
  const about = t(`hint.${name}`);
  const described = about !== String(name).replaceAll("_", " ") ? about : (schema.description ?? "");
  const low = schema.minimum ?? schema.exclusiveMinimum;
  const high = schema.maximum ?? schema.exclusiveMaximum;
  const bounds =
    low !== undefined && high !== undefined
      ? t("form.bounds", { low: low.toLocaleString(), high: high.toLocaleString() })
      : "";
  return [described, bounds].filter(Boolean).join(" · ");
}

/**
 * A location such as body.config.optimizer.sgd.learning_rate is shown at the deepest field whose path it passes
 * through.
 * @param {HTMLElement} element
 * @param {{loc: (string | number)[], msg: string}[]} fields
 * @param {import("../types").Translate} t
 */
function refuse(element, fields, t) {
  const places = [...element.querySelectorAll("[data-path]")].map((place) => ({
    place,
    path: /** @type {HTMLElement} */ (place).dataset.path?.split(".") ?? [],
  }));
  for (const { place } of places) {
    for (const shown of place.querySelectorAll(":scope > .error")) shown.setAttribute("hidden", "");
    place.querySelector(":scope > [aria-invalid]")?.removeAttribute("aria-invalid");
  }
  /** @type {string[]} */
  const left = [];
  /** @type {HTMLElement | null} */
  let first = null;
  for (const { loc, msg } of fields) {
    const best = nearest(
      places.map(({ path }) => path),
      loc,
    );
    const shown = best < 0 ? null : places[best].place.querySelector(":scope > .error");
    const words = said(msg, t);
    if (!shown) left.push(words);
    else {
      shown.textContent = words;
      shown.removeAttribute("hidden");
      const input = /** @type {HTMLElement | null} */ (
        places[best].place.querySelector(":scope > input, :scope > select")
      );
      input?.setAttribute("aria-invalid", "true");
      first ??= input;
    }
  }
  first?.focus();
  return left;
}

/**
 * Index of the longest path that is a subsequence of a location and shares its beginning; -1 for none.
 * @param {string[][]} paths
 * @param {(string | number)[]} loc
 */
export function nearest(paths, loc) {
  const parts = loc
    .map(String)
    .filter(
      (part, i) => !(i === 0 && part === "body") && !(i === 1 && part === "config" && String(loc[0]) === "body"),
    );
  let best = -1;
  paths.forEach((path, i) => {
    let at = 0;
    for (const part of parts) if (part === path[at]) at++;
    if (
      at === path.length &&
      path.length > 0 &&
      path[0] === parts[0] &&
      (best < 0 || path.length > paths[best].length)
    )
      best = i;
  });
  return best;
}
