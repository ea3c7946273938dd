import assert from "node:assert/strict";
import test from "node:test";

import { defaultOf, nearest, partOf } from "../../frontend/run/schema.js";
import { fitted } from "../../frontend/run/schema-fit.js";

const SCHEMA = {
  $defs: {
    Sgd: {
      type: "object",
      properties: {
        kind: { const: "sgd", default: "sgd" },
        learning_rate: { type: "number", default: 0.1, exclusiveMinimum: 0 },
      },
    },
    Adam: {
      type: "object",
      properties: { kind: { const: "adam", default: "adam" }, beta1: { type: "number", default: 0.9 } },
    },
    Variant: { type: "object", properties: { name: { type: "string", minLength: 1 } } },
  },
  type: "object",
  properties: {
    optimizer: { oneOf: [{ $ref: "#/$defs/Sgd" }, { $ref: "#/$defs/Adam" }], discriminator: { propertyName: "kind" } },
    pace: { anyOf: [{ type: "number", minimum: 0.1 }, { type: "null" }], default: null },
    seed: { type: "integer", default: 0 },
    place: { enum: ["before", "after"], default: "before", type: "string" },
    variants: { type: "array", items: { $ref: "#/$defs/Variant" }, minItems: 2 },
  },
};

test("each part of a schema asks for its control", () => {
  const kinds = Object.fromEntries(
    Object.entries(SCHEMA.properties).map(([name, part]) => [name, partOf(SCHEMA, part).kind]),
  );
  assert.deepEqual(kinds, { optimizer: "union", pace: "number", seed: "integer", place: "choice", variants: "list" });
  assert.equal(partOf(SCHEMA, SCHEMA.properties.pace).nullable, true);
  assert.equal(partOf(SCHEMA, SCHEMA.properties.pace).schema.minimum, 0.1);
});

test("the defaults of a schema make a whole value", () => {
  assert.deepEqual(defaultOf(SCHEMA, SCHEMA), {
    optimizer: { kind: "sgd", learning_rate: 0.1 },
    pace: null,
    seed: 0,
    place: "before",
    variants: [{ name: "" }, { name: "" }],
  });
});

test("a refusal finds its field, the option's name in the location notwithstanding", () => {
  const paths = [
    ["optimizer"],
    ["optimizer", "learning_rate"],
    ["variants"],
    ["variants", "0", "name"],
    ["batch_size"],
  ];
  assert.equal(nearest(paths, ["body", "config", "optimizer", "sgd", "learning_rate"]), 1);
  assert.equal(nearest(paths, ["body", "config", "variants", 0, "name"]), 3);
  assert.equal(nearest(paths, ["body", "config", "variants"]), 2);
  assert.equal(nearest(paths, ["body", "config"]), -1);
});

test("what a link gives that fits no field stands at its default, and is named", () => {
  const { value, unfit } = fitted(SCHEMA, {
    optimizer: { kind: "adam", beta1: "much" },
    pace: [],
    seed: 1.5,
    place: "constructor",
    variants: [{ name: "a" }, { name: 5 }],
  });
  assert.deepEqual(unfit, ["optimizer.beta1", "pace", "seed", "place", "variants.2.name"]);
  assert.deepEqual(value.optimizer, { kind: "adam", beta1: 0.9 });
  assert.deepEqual([value.pace, value.seed, value.place], [null, 0, "before"]);
  assert.deepEqual(value.variants, [{ name: "a" }, { name: "" }]);
  for (const strange of [5, "x", [], null, { variants: "x" }, { optimizer: { kind: "__proto__" } }, { optimizer: 5 }])
    assert.equal(fitted(SCHEMA, strange).unfit.length, 1);
  assert.deepEqual(fitted(SCHEMA, {}), { value: defaultOf(SCHEMA, SCHEMA), unfit: [] });
});
