import assert from "node:assert/strict";
import { test } from "node:test";
import { groupsOf } from "../../frontend/run/group-choice.js";

test("the groups of runs are each offered once, and runs without one are in none", () => {
  const runs = [{ group: "Tuesday" }, { group: "" }, {}, { group: "Monday" }, { group: "Tuesday" }];
  assert.deepEqual(groupsOf(/** @type {any} */ (runs)), ["Monday", "Tuesday"]);
  assert.deepEqual(groupsOf([]), []);
});

test("the chosen group stays among them though none of its runs is loaded", () => {
  assert.deepEqual(groupsOf(/** @type {any} */ ([{ group: "Tuesday" }, {}]), "Monday"), ["Monday", "Tuesday"]);
  assert.deepEqual(groupsOf([], "Monday"), ["Monday"]);
});
