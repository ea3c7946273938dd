// Runs in one chart are called by what tells them apart.

import assert from "node:assert/strict";
import test from "node:test";

import { toldApart } from "../../frontend/run/overlaid.js";

const of = (name, about) => ({ name, about });

test("runs of one name are called by what they do not share of their settings", () => {
  const runs = [of("digits", "digits · SGD 0.1 · seed 0"), of("digits", "digits · Adam 0.001 · seed 0")];
  assert.deepEqual(toldApart(runs), ["SGD 0.1", "Adam 0.001"]);
  const deeper = of("digits", "digits · SGD 0.1 · seed 1");
  assert.deepEqual(toldApart([...runs, deeper]), ["SGD 0.1 · seed 0", "Adam 0.001 · seed 0", "SGD 0.1 · seed 1"]);
});

test("a name of its own stays; what nothing tells apart has a number", () => {
  const [a, b] = [of("digits", "digits · seed 0"), of("digits", "digits · seed 1")];
  assert.deepEqual(toldApart([a, b, of("mine", "digits · seed 0")]), ["digits (seed 0)", "digits (seed 1)", "mine"]);
  assert.deepEqual(toldApart([a, a]), ["digits (1)", "digits (2)"]);
});
