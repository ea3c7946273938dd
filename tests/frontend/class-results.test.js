import assert from "node:assert/strict";
import { test } from "node:test";
import { translator } from "../../frontend/app/i18n.js";
import { asShown, differences, resultsOf } from "../../frontend/run/class-results.js";

const t = translator("en");
/** @param {string} id @param {Record<string, any>} config @param {Record<string, any>} [more] */
const run = (id, config, more = {}) => ({ id, name: id, state: "finished", owner: "a", config, ...more });
const CONFIG = { seed: 1, pace: 5, optimizer: { kind: "sgd", learning_rate: 0.1 }, variants: [{ name: "plain" }] };
const OTHER = { ...CONFIG, pace: 7, optimizer: { kind: "adam", learning_rate: 0.01 } };

test("what differs between runs is what not all of them have alike, and not the pace", () => {
  const runs = [run("a", CONFIG), run("b", OTHER), { ...run("c", {}), config: null }];
  const paths = differences(/** @type {any} */ (runs)).map((one) => one.map(({ path, value }) => [path, value]));
  assert.deepEqual(paths, [
    [
      ["optimizer.kind", "sgd"],
      ["optimizer.learning_rate", 0.1],
    ],
    [
      ["optimizer.kind", "adam"],
      ["optimizer.learning_rate", 0.01],
    ],
    [],
  ]);
  assert.deepEqual(differences(/** @type {any} */ ([run("a", CONFIG)])), [[]]);
});

test("each row has who, what differs, and how far it came; what was not measured is a dash", () => {
  globalThis.document = /** @type {any} */ ({ documentElement: { dataset: { owner: "b" } } });
  const runs = [run("b", OTHER, { created: 2, owner: "b" }), run("a", CONFIG, { created: 1 })];
  const networks = [
    { network: "plain", loss: [2, 0.5], test_accuracy: 0.913 },
    { network: "other", loss: [2, null], test_accuracy: null },
  ];
  const rows = resultsOf(/** @type {any} */ (runs), /** @type {any} */ (new Map([["a", { networks }]])), t);
  assert.deepEqual(
    rows.map(({ id, who }) => [id, who]),
    [
      ["a", "browser 1"],
      ["b", "yours"],
    ],
  );
  assert.deepEqual(rows[0].loss, ["plain 0.500", "other –"]);
  assert.deepEqual(rows[0].accuracy, ["plain 91.3 %", "other –"]);
  assert.deepEqual([rows[1].loss, rows[1].differs], [[], "Adam · learning rate 0.010"]);
});

test("a run that the list shows is in the table as it is there, and the others as they came", () => {
  const whole = [run("a", CONFIG), run("b", OTHER, { state: "running" })];
  const shown = [run("b", OTHER, { state: "stopped", name: "renamed" }), run("c", CONFIG)];
  const found = asShown(/** @type {any} */ (whole), /** @type {any} */ (shown));
  assert.deepEqual(
    found.map(({ id, name, state }) => [id, name, state]),
    [
      ["a", "a", "finished"],
      ["b", "renamed", "stopped"],
    ],
  );
});
