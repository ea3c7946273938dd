import assert from "node:assert/strict";
import test from "node:test";

import { equationsOf } from "../../frontend/views/microscope-equations.js";
import { HEADER, LAYERS, layout, makeScene } from "./scene.js";

const network = "with BN";
const measured = LAYERS.flatMap((layer) =>
  ["batch_mean", "batch_variance"].map((quantity) => ({ network, layer, quantity, shape: [4] })),
);
const [steps, layers] = HEADER.layouts;
const WITH_BATCH = { ...HEADER, layouts: [steps, layout(1, "layers", [...layers.entries, ...measured])] };
const texts = ({ equations }) => equations.map(({ attributes }) => attributes["aria-label"]);

test("the equations hold one unit's numbers", () => {
  const scene = makeScene({ header: WITH_BATCH, selection: { unit: 1 } });
  const found = equationsOf(scene);
  assert.deepEqual(texts(found), ["x\u0302 = (x − 0.000) / √(0.000 + ε)", "z = 2.00 x\u0302 + 0.100", "a = relu(z)"]);
  const other = equationsOf(makeScene({ header: WITH_BATCH, selection: { unit: 2 } }));
  assert.equal(texts(other)[1], "z = 3.00 x\u0302 + 0.200");
  assert.notEqual(found.key, other.key);
});

test("where no batch was measured there are none", () => {
  assert.equal(equationsOf(makeScene()), null);
});
