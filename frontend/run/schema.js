/**
 * What a JSON Schema (as pydantic writes it) asks for: the kind of each part, its default, where a refusal belongs.
 */

/** @typedef {Record<string, any>} Schema */

/**
 * @typedef {object} Part
 * @property {"choice" | "constant" | "object" | "list" | "union" | "number" | "integer" | "boolean" | "text"} kind
 *   the control it wants
 * @property {Schema} schema references followed
 * @property {boolean} nullable
 * @property {any[]} options values of a choice, schemas of a union
 */

/**
 * Follow a reference into the schema's definitions.
 * @param {Schema} root
 * @param {Schema} schema
 * @returns {Schema}
 */
function resolve(root, schema) {
  if (!schema.$ref) return schema;
  const { $ref, ...rest } = schema;
  return { ...root.$defs[$ref.split("/").pop()], ...rest };
}

/**
 * A schema without its alternative null.
 * @param {Schema} root
 * @param {Schema} given
 * @returns {{schema: Schema, nullable: boolean}}
 */
function withoutNull(root, given) {
  const schema = resolve(root, given);
  if (!schema.anyOf) return { schema, nullable: false };
  const others = schema.anyOf.filter((/** @type {Schema} */ one) => one.type !== "null");
  const nullable = others.length < schema.anyOf.length;
  if (others.length > 1) return { schema, nullable };
  return { schema: { ...schema, ...resolve(root, others[0]), anyOf: undefined }, nullable };
}

/** @type {Record<string, Part["kind"]>} */
const KINDS = { object: "object", array: "list", number: "number", integer: "integer", boolean: "boolean" };

/** @param {Schema} root @param {Schema} given @returns {Part} */
export function partOf(root, given) {
  const { schema, nullable } = withoutNull(root, given);
  const whole = { schema, nullable, options: [] };
  if (schema.oneOf) {
    const options = schema.oneOf.map((/** @type {Schema} */ one) => resolve(root, one));
    return { ...whole, kind: "union", options };
  }
  if ("const" in schema) return { ...whole, kind: "constant" };
  if (schema.enum) return { ...whole, kind: "choice", options: schema.enum };
  return { ...whole, kind: KINDS[schema.type] ?? "text" };
}

/** The property that tells a union's options apart. @param {Schema} union @returns {string} */
export const discriminator = (union) => union.discriminator?.propertyName ?? "kind";

/**
 * What an option of a union has in its discriminator.
 * @param {Schema} option
 * @param {string} name
 * @returns {string}
 */
export const tagOf = (option, name) => option.properties[name].const ?? option.properties[name].enum?.[0];

/**
 * The value that a schema stands for when none is given.
 * @param {Schema} root
 * @param {Schema} given
 * @returns {any}
 */
export function defaultOf(root, given) {
  if (given.default !== undefined) return structuredClone(given.default);
  const { kind, schema, nullable, options } = partOf(root, given);
  if (schema.default !== undefined) return structuredClone(schema.default);
  if (nullable) return null;
  switch (kind) {
    case "constant":
      return schema.const;
    case "union":
      return defaultOf(root, options[0]);
    case "choice":
      return options[0];
    case "object":
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, part]) => [name, defaultOf(root, part)]),
      );
    case "list":
      return Array.from({ length: schema.minItems ?? 0 }, () => defaultOf(root, schema.items));
    case "boolean":
      return false;
    case "text":
      return "";
    default:
      return schema.minimum ?? 0;
  }
}

/** The smallest and the largest value, where there are any. @param {Schema} schema */
export const boundsOf = (schema) => ({
  low: schema.minimum ?? schema.exclusiveMinimum,
  high: schema.maximum ?? schema.exclusiveMaximum,
});

/** A refusal's location without what is before the config. @param {(string | number)[]} loc */
function withinConfig(loc) {
  const [body, config] = loc;
  const before = body === "body" ? (config === "config" ? 2 : 1) : 0;
  return loc.slice(before).map(String);
}

/**
 * How many parts of a path a location passes through, in order.
 * @param {string[]} path
 * @param {string[]} location
 */
function passed(path, location) {
  let at = 0;
  for (const part of location) if (part === path[at]) at++;
  return at;
}

/**
 * Index of the longest path that a location passes through from its beginning; -1 for none. A location inside a union
 * names the option too: config.optimizer.sgd.learning_rate.
 * @param {string[][]} paths
 * @param {(string | number)[]} loc
 */
export function nearest(paths, loc) {
  const location = withinConfig(loc);
  let best = -1;
  for (const [i, path] of paths.entries()) {
    const fits = path.length > 0 && path[0] === location[0] && passed(path, location) === path.length;
    if (fits && (best < 0 || path.length > paths[best].length)) best = i;
  }
  return best;
}
