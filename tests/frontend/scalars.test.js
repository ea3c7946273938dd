/** What a script logs by name, as it arrives and as it is drawn. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { hasCard } from "../../frontend/charts/missing.js";
import { RunHistory } from "../../frontend/stream/run-history.js";
import { loss } from "../../frontend/views/loss.js";
import { scalars } from "../../frontend/views/scalars.js";
import { HEADER, makeScene } from "./scene.js";

const entry = (quantity, offset, more = {}) => ({
  network: "",
  layer: "",
  site: "",
  quantity,
  unit: "1",
  shape: [],
  offset,
  coordinates: null,
  ...more,
}); // prettier-ignore
const SCALARS = { stream: 11, name: "scalars", entries: [entry("scalar_number", 0), entry("scalar_value", 1)] };
const [NETWORK] = HEADER.networks;
const event = (message, number, network = "") => ({
  time: 0,
  step: 0,
  kind: "scalar",
  network,
  layer: "",
  message,
  value: { number },
}); // prettier-ignore

function sceneWith(layouts, events, rows) {
  const header = { networks: [NETWORK], layouts: [...layouts, SCALARS], total_steps: 100 };
  const scene = makeScene({ steps: [] });
  const history = new RunHistory(new Map(header.layouts.map((one) => [one.stream, one.entries.length])), 11);
  rows.forEach(([stream, step, ...row], i) => {
    history.append({ stream, seq: i + 1, step, time: step, row: Float32Array.from(row) });
  });
  const layoutIndex = Object.assign(Object.create(Object.getPrototypeOf(scene.layoutIndex)), scene.layoutIndex);
  layoutIndex.byKey = new Map();
  layoutIndex.header = header;
  return { ...scene, header, history, layoutIndex, events, run: { ...scene.run, source: "script" } };
}

test("each name is a line of its own, with the steps at which it was logged", () => {
  const scene = sceneWith(
    [],
    [event("val/loss", 3), event("temperature", 4, NETWORK.name)],
    [
      [11, 0, 3, 2.5],
      [11, 0, 4, 0.5],
      [11, 10, 3, 1.5],
    ],
  );
  assert.ok(scalars.available(scene));
  const { data } = scalars.figure(scene);
  assert.deepEqual(
    data.map(({ x, y }) => [x, y]),
    [
      [
        [0, 10],
        [2.5, 1.5],
      ],
      [[0], [0.5]],
    ],
  ); // prettier-ignore
  assert.match(scalars.summary(scene), /val\/loss 1.5/);
  const table = scalars.table(scene);
  assert.deepEqual(
    table.slice(1).map((row) => row.slice(2)),
    [
      ["val/loss", 0, 2.5],
      ["val/loss", 10, 1.5],
      ["temperature", 0, 0.5],
    ],
  ); // prettier-ignore
});

test("of more names than there is room for a part is chosen", () => {
  const names = Array.from({ length: 8 }, (_, i) => event(`name ${i}`, i));
  const rows = names.map((_, i) => [11, 0, i, i]);
  const scene = sceneWith([], names, rows);
  const [choice] = scalars.controls(scene);
  assert.equal(choice.options.length, 8);
  const { type, name, value } = choice.change("name 6");
  assert.deepEqual([type, name, value], ["choose", "scalars", "name 6"]);
  const chosen = { ...scene, selection: { ...scene.selection, choices: { scalars: "name 6" } } };
  assert.deepEqual(
    scalars.series(chosen).map(({ quantity }) => quantity),
    ["name 6", "name 7"],
  ); // prettier-ignore
});

test("where a script gives no loss, the card says the line that it lacks", () => {
  const scene = sceneWith([], [], [[11, 0, 0, 1]]);
  assert.equal(loss.available(scene), false);
  assert.ok(hasCard(loss, scene));
  assert.equal(loss.missing(scene).code, "scope.log(loss=loss)");
  const trained = { ...scene, run: { ...scene.run, source: "worker" } };
  assert.equal(hasCard(loss, trained), false);
});

test("a loss that is only logged is smoothed on its pale values, other numbers where that is chosen", () => {
  const losses = { stream: 9, name: "logged_loss", entries: [entry("loss", 0, { network: NETWORK.name })] };
  const rows = [0, 1, 2, 3].map((step) => [9, step, step % 2]);
  const scene = sceneWith([losses], [event("temperature", 0)], [...rows, [11, 0, 0, 1], [11, 1, 0, 3]]);
  scene.layoutIndex = Object.assign(Object.create(Object.getPrototypeOf(scene.layoutIndex)), scene.layoutIndex, {
    find: (quantity) => (quantity === "loss" ? { ...losses.entries[0], stream: 9, size: 1 } : undefined),
  });
  const over = (smoothing) => ({ ...scene, selection: { ...scene.selection, layer: "l", choices: { smoothing } } });
  const drawn = (view, shown) => view.series(shown).map(({ smooth = 1 }) => smooth);
  assert.deepEqual([drawn(loss, scene), drawn(scalars, scene)], [[1, 15], [1]]);
  assert.deepEqual(
    [drawn(loss, over("4")), drawn(scalars, over("4"))],
    [
      [1, 4],
      [1, 4],
    ],
  ); // prettier-ignore
  const [alone, ...others] = loss.series(over("1"));
  assert.deepEqual([others, alone.width], [[], 1.5]);
  assert.match(alone.color, /^rgb\(/);
  assert.deepEqual(scalars.figure(over("2")).data[1].y, [1, 2]);
});
