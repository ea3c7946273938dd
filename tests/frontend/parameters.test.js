import assert from "node:assert/strict";
import { test } from "node:test";
import { clipping } from "../../frontend/views/clipping.js";
import { density } from "../../frontend/views/density.js";
import { gradients } from "../../frontend/views/gradients.js";
import { parameters } from "../../frontend/views/parameters.js";
import { HEADER, LAYERS, layout, makeScene, NETWORKS } from "./scene.js";

const NORMS = ["unclipped_gradient_norm", "total_gradient_norm"];

/** Two steps of histograms of weights and gradients, and of the norms: each value is what its place says. */
function sceneOf(selection = {}) {
  const entries = NETWORKS.flatMap((network) => [
    ...NORMS.map((quantity) => ({ network, quantity })),
    ...LAYERS.flatMap((layer) =>
      ["weight", "bias"].flatMap((site) =>
        ["parameter_histogram", "gradient_histogram"].flatMap((quantity) => [
          { network, layer, site, quantity, shape: [4] },
          { network, layer, site, quantity: `${quantity}_range`, shape: [2] },
        ]),
      ),
    ),
  ]);
  const header = { ...HEADER, layouts: [layout(7, "parameters", entries)] };
  const scene = makeScene({ header, steps: [], selection });
  for (const step of [0, 1]) {
    const row = Float32Array.from(
      entries.flatMap(({ quantity, site }) => {
        if (NORMS.includes(quantity)) return [quantity === NORMS[0] ? 8 : 2];
        const size = (quantity.startsWith("gradient") ? 0.5 : 2) * (site === "weight" ? 1 : 100) * (step + 1);
        return quantity.endsWith("_range") ? [-size, size] : [0, 0.75, 0.25, 0];
      }),
    );
    scene.history.append({ stream: 7, seq: step + 1, step, time: 0, row });
  }
  return scene;
}

test("the weights of the layer in focus are a field, from the smallest to the largest", () => {
  const scene = sceneOf({ layer: "hidden 2" });
  assert.ok(parameters.available(scene) && !parameters.available(makeScene()));
  const heat = parameters.figure(scene).data;
  assert.deepEqual(
    heat.map(({ type }) => type),
    ["heatmap", "heatmap"],
  );
  assert.deepEqual([Math.min(...heat[0].y) < -3, Math.max(...heat[0].y) > 3], [true, true]);
  const last = heat[0].z.map((row) => row.at(-1));
  assert.deepEqual([...new Set(last)].sort(), [0, 1 / 3, 1].sort());
  assert.match(parameters.summary(scene), /hidden 2 weight: from −4.00 to 4.00/);
  assert.equal(parameters.table(scene).length, 1 + 2 * 2 * 2);
});

test("the gradient by them is one choice away", () => {
  const scene = sceneOf({ layer: "hidden 2", choices: { of_parameters: "gradient_histogram" } });
  assert.match(parameters.summary(scene), /weight: from −1.00 to 1.00/);
  const [, control] = parameters.controls(scene);
  assert.deepEqual([control.value, control.options.length], ["gradient_histogram", 2]);
});

test("the gradient before and after it is clipped has a line each", () => {
  const scene = sceneOf();
  const { data } = clipping.figure(scene);
  const drawn = data.filter(({ y }) => y?.length > 1).map(({ y }) => [...y]);
  assert.deepEqual(drawn, [
    [8, 8],
    [2, 2],
    [8, 8],
    [2, 2],
  ]);
  assert.ok(!clipping.available(makeScene()));
});

test("a layer is named with its type and sizes, where these are known", () => {
  const networks = HEADER.networks.map((network, i) => ({
    ...network,
    layers: network.layers.map((layer, at) => (i && at === 1 ? { ...layer, label: "Conv2d 64→64" } : layer)),
  }));
  const scene = makeScene({ header: { ...HEADER, networks } });
  assert.equal(scene.layoutIndex.label("hidden 2"), "Conv2d 64→64");
  const [control] = density.controls(scene);
  assert.deepEqual(
    control.options.map(({ text }) => text),
    ["hidden 1", "hidden 2 · Conv2d 64→64", "output"],
  );
  const hovers = gradients.figure(scene).data.flatMap(({ meta, hovertemplate }) => (meta ? [hovertemplate] : []));
  assert.equal(hovers.filter((text) => text.includes("hidden 2 · Conv2d 64→64")).length > 0, true);
  assert.equal(
    hovers.some((text) => text.includes("hidden 1 ·")),
    false,
  );
});
