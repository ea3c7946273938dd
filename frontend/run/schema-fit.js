/** Values from elsewhere, a link's say, against a schema: what a form cannot show stands at its default. */

import { defaultOf, discriminator, partOf, tagOf } from "./schema.js";

/** @typedef {import("./schema.js").Schema} Schema */

/** @param {any} value */
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** @type {Record<string, (value: any) => boolean>} */
const FITS = {
  number: Number.isFinite,
  integer: Number.isInteger,
  boolean: (value) => typeof value === "boolean",
  text: (value) => typeof value === "string",
};

/** How a value is looked through: what fits nowhere is named. */
class Fitting {
  /** @param {Schema} root */
  constructor(root) {
    this.root = root;
    /** @type {string[]} paths of what did not fit */
    this.unfit = [];
  }

  /** @param {Schema} given @param {any} value @param {string[]} path @returns {any} */
  fit(given, value, path) {
    const { kind, schema, options, nullable } = partOf(this.root, given);
    if (value === null && nullable) return null;
    if (kind === "constant") return schema.const;
    if (kind === "object" && isObject(value)) return this.#properties(schema, value, path);
    if (kind === "union" && isObject(value)) {
      const tag = discriminator(schema);
      const chosen = options.find((one) => tagOf(one, tag) === value[tag]);
      if (chosen) return { ...this.#properties(chosen, value, path), [tag]: value[tag] };
    }
    if (kind === "list" && Array.isArray(value) && value.length <= (schema.maxItems ?? Infinity))
      return value.map((item, i) => this.fit(schema.items, item, [...path, String(i + 1)]));
    if (kind === "choice" ? options.includes(value) : FITS[kind]?.(value)) return value;
    this.unfit.push(path.join("."));
    return defaultOf(this.root, given);
  }

  /**
   * What the schema does not know stays: the server says what it is.
   * @param {Schema} schema @param {any} value @param {string[]} path
   */
  #properties(schema, value, path) {
    const known = Object.entries(/** @type {Record<string, Schema>} */ (schema.properties ?? {}));
    const fitted = known
      .filter(([name]) => Object.hasOwn(value, name))
      .map(([name, part]) => [name, this.fit(part, value[name], [...path, name])]);
    return { ...value, ...Object.fromEntries(fitted) };
  }
}

/** What a person begins with: the run that the page starts by itself. @param {Schema} root */
export const beginning = (root) => root.examples?.[0] ?? defaultOf(root, root);

/**
 * A value of a schema, whatever was given, and the paths of what of it could not be used.
 * @param {Schema} root
 * @param {any} value parts of an object of the schema
 * @returns {{value: any, unfit: string[]}}
 */
export function fitted(root, value) {
  const fitting = new Fitting(root);
  const whole = beginning(root);
  const fits = isObject(value) ? fitting.fit(root, { ...whole, ...value }, []) : whole;
  return { value: fits, unfit: isObject(value) ? fitting.unfit : ["config"] };
}
