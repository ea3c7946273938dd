import assert from "node:assert/strict";
import test from "node:test";

import { arranged, chosen, including, without } from "../../frontend/charts/selection.js";

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

test("where nothing was chosen the usual charts are shown, and choosing just those is no choice", () => {
  const usual = VIEWS.slice(0, 2);
  assert.deepEqual(chosen(VIEWS, null, usual), usual);
  assert.deepEqual(including(VIEWS, null, "loss", usual), ["ridges", "shift", "loss"]);
  assert.equal(without(VIEWS, ["ridges", "shift", "loss"], "loss", usual), null);
  assert.deepEqual(without(VIEWS, null, "shift", usual), ["ridges"]);
});

test("an experiment's charts are a level before all others, and none is lost", () => {
  const levels = [
    { id: "picture", views: VIEWS.slice(0, 2) },
    { id: "why", views: VIEWS.slice(2) },
  ];
  const shown = (first) => arranged(levels, first).map(({ id, views }) => [id, views.map((view) => view.id)]);
  assert.deepEqual(shown([]), [
    ["picture", ["ridges", "shift"]],
    ["why", ["loss"]],
  ]);
  assert.deepEqual(shown(["loss", "nowhere", "ridges"]), [
    ["experiment", ["loss", "ridges"]],
    ["picture", ["shift"]],
    ["why", []],
  ]);
});
