import assert from "node:assert/strict";
import test from "node:test";

import { chosen, including, without } from "../../frontend/charts/selection.js";

const VIEWS = ["ridges", "shift", "loss"].map((id) => ({ id }));
const ids = (charts) => chosen(VIEWS, charts).map((view) => view.id);

test("a choice shows its charts in the page's order, and no choice shows all", () => {
  assert.deepEqual(ids(null), ["ridges", "shift", "loss"]);
  assert.deepEqual(ids(["loss", "ridges", "of another version"]), ["ridges", "loss"]);
  assert.deepEqual(ids(["of another version"]), ["ridges", "shift", "loss"]);
});

test("charts are hidden one by one, but for the last, and come back", () => {
  const two = without(VIEWS, null, "shift");
  assert.deepEqual(two, ["ridges", "loss"]);
  const one = without(VIEWS, two, "ridges");
  assert.deepEqual(one, ["loss"]);
  assert.deepEqual(without(VIEWS, one, "loss"), ["loss"]);
  assert.deepEqual(including(VIEWS, one, "ridges"), ["ridges", "loss"]);
  assert.equal(including(VIEWS, two, "shift"), null);
});
