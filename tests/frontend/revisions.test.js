import assert from "node:assert/strict";
import { test } from "node:test";
import { LayoutIndex } from "../../frontend/stream/layout-index.js";
import { eachFrame } from "../../frontend/stream/protocol.js";
import { RunHistory } from "../../frontend/stream/run-history.js";
import { Reader } from "../../frontend/stream/run-reader.js";

const entry = (layer, offset, shape = []) => ({
  network: "a",
  layer,
  site: "",
  quantity: "mean",
  unit: "1",
  shape,
  offset,
  coordinates: null,
});
const FIRST = { stream: 1, name: "layers", entries: [entry("one", 0), entry("two", 1)] };
const WITHOUT_ONE = { stream: 1, revision: 1, name: "layers", entries: [entry("two", 0), entry("three", 1, [2])] };
const ONE_IS_LARGER = { stream: 1, revision: 2, name: "layers", entries: [entry("one", 0, [3])] };
const HEADER = { networks: [], layouts: [FIRST], total_steps: null };

function message(stream, seq, row) {
  const bytes = new ArrayBuffer(24 + 4 * row.length);
  const view = new DataView(bytes);
  view.setUint32(0, stream, true);
  view.setUint32(4, seq, true);
  view.setUint32(8, seq, true);
  for (const [i, value] of row.entries()) view.setFloat32(24 + 4 * i, value, true);
  return bytes;
}

function recorded() {
  let index = new LayoutIndex(HEADER);
  const history = new RunHistory(index.widths);
  const take = (bytes) => eachFrame(bytes, index.sizes, (frame) => history.append(frame));
  take(message(1, 1, [10, 20]));
  index = index.revised([WITHOUT_ONE]);
  history.revise(index);
  take(message(65537, 2, [21, 30, 31]));
  take(message(1, 3, [12, 22]));
  return { index, history, take };
}

test("a layer that came later, or did not run, is kept where it was measured", () => {
  const { index, history } = recorded();
  const stream = history.stream(1);
  const values = (layer) =>
    [0, 1, 2].map((slot) => stream.value(slot, index.find("mean", { network: "a", layer }).offset));
  assert.deepEqual(values("one"), [10, NaN, 12]);
  assert.deepEqual(values("two"), [20, 21, 22]);
  assert.deepEqual(values("three"), [NaN, 30, NaN]);
  assert.equal(index.find("mean", { network: "a", layer: "three" }).stream, 1);
  assert.deepEqual([...stream.row(1).subarray(2)], [30, 31]);
});

test("a layer that has another size from then on is another thing", () => {
  const { index, history, take } = recorded();
  const later = index.revised([FIRST, WITHOUT_ONE, ONE_IS_LARGER]);
  assert.equal(later.revised([ONE_IS_LARGER]), later);
  const layers = [{ name: "one", features: 3, activation: "", normalization: "" }];
  const named = index.revised([ONE_IS_LARGER], [{ name: "a", layers }]);
  assert.deepEqual(named.layers, ["one"]);
  history.revise(later);
  index.sizes.set(131073, 3);
  take(message(131073, 4, [1, 2, 3]));
  const { offset } = later.find("mean", { network: "a", layer: "one" });
  assert.deepEqual(
    [
      ...history
        .stream(1)
        .row(3)
        .subarray(offset, offset + 3),
    ],
    [1, 2, 3],
  );
  assert.ok(Number.isNaN(history.stream(1).value(3, 0)));
});

test("columns that a chart asked for go on", () => {
  const { index, history, take } = recorded();
  const { offset } = index.find("mean", { network: "a", layer: "two" });
  const column = history.stream(1).column(offset);
  take(message(65537, 4, [23, 0, 0]));
  assert.deepEqual([...history.stream(1).column(offset)].slice(0, 4), [20, 21, 22, 23]);
  assert.equal(column, history.stream(1).column(offset));
});

test("a curve of a run that has ended has what each layout holds of it", () => {
  const loss = (offset) => ({ ...entry("", offset), quantity: "loss" });
  const reader = new Reader();
  const later = { stream: 0, revision: 1, name: "steps", entries: [entry("", 0), loss(1)] };
  const layouts = [{ stream: 0, name: "steps", entries: [loss(0)] }, later];
  reader.message({ header: { ...HEADER, layouts } });
  for (const frame of [message(0, 1, [10]), message(65536, 2, [5, 20]), message(0, 3, [30])]) reader.frames(frame);
  const { curves } = reader.reading();
  assert.deepEqual(
    curves.map(({ quantity, steps, values }) => [quantity, steps, values]),
    [
      ["loss", [1, 2, 3], [10, 20, 30]],
      ["mean", [2], [5]],
    ],
  );
});

test("what a stream has is listed over all its layouts", () => {
  const index = new LayoutIndex({ ...HEADER, layouts: [FIRST, WITHOUT_ONE] });
  assert.deepEqual(
    index.entries("layers").map(({ layer, offset }) => [layer, offset]),
    [
      ["one", 0],
      ["two", 1],
      ["three", 2],
    ],
  );
});
