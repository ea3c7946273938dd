// The axes of lines over steps: one for all networks or one for each, rows on one scale, bands of what is usual.

import assert from "node:assert/strict";
import test from "node:test";

import { moments } from "../../frontend/views/moments.js";
import { sampling } from "../../frontend/views/sampling.js";
import { units } from "../../frontend/views/units.js";
import { updates } from "../../frontend/views/updates.js";
import { HEADER, LAYERS, layout, makeScene, NETWORKS } from "./scene.js";

const STEPS = [0, 10, 50];

/** The small scene with one quantity more a network and layer, whose values `measure` gives. */
function withQuantities(streams) {
  const layouts = streams.map(({ stream, site, quantities }) =>
    layout(
      stream,
      `more ${stream}`,
      NETWORKS.flatMap((network) =>
        LAYERS.flatMap((layer) => quantities.map((quantity) => ({ network, layer, site, quantity }))),
      ),
    ),
  );
  const scene = makeScene({ header: { ...HEADER, layouts: [...HEADER.layouts, ...layouts] }, steps: STEPS });
  for (const [i, { stream, measure }] of streams.entries())
    for (const step of STEPS)
      scene.history.append({
        stream,
        seq: 90 + step,
        step,
        time: 0,
        row: Float32Array.from(layouts[i].entries, (entry) => measure(entry, step)),
      });
  return scene;
}

test("each network has an axis of its own, and both show one range where neither flattens the other", () => {
  // The means of the plain network reach 1.5 at step 50, those of the other stay 0; the standard deviations are 1.
  const { layout: drawn } = moments.figure(makeScene({ steps: STEPS }));
  assert.notDeepEqual(drawn.yaxis.range, drawn.yaxis3.range);
  assert.deepEqual(drawn.yaxis2.range, drawn.yaxis4.range);
  assert.deepEqual([drawn.yaxis.anchor, drawn.yaxis3.anchor], ["x", "x2"]);
});

test("lines are painted on the axes that the figure has", () => {
  const scene = makeScene({ steps: STEPS });
  const { data, layout: drawn } = moments.figure(scene);
  const painted = moments.series(scene).map(({ axes }) => axes);
  assert.deepEqual([...new Set(painted)].sort(), ["x2y3", "x2y4", "xy", "xy2"]);
  assert.deepEqual(
    data.map(({ xaxis, yaxis }) => xaxis + yaxis),
    painted,
  );
  for (const { xaxis, yaxis } of data)
    assert.ok(drawn[xaxis.replace("x", "xaxis")] && drawn[yaxis.replace("y", "yaxis")], xaxis + yaxis);
  assert.deepEqual(
    moments.figure(scene, false).data.map(({ xaxis, yaxis }) => xaxis + yaxis),
    [...new Set(painted)],
  );
});

test("the usual update size is a band in each network's panel, within the axis though no value is near", () => {
  const scene = withQuantities([{ stream: 5, site: "weight", quantities: ["update_ratio"], measure: () => 1e-5 }]);
  const { layout: drawn } = updates.figure(scene);
  assert.deepEqual(
    drawn.shapes.map(({ type, xref, yref }) => [type, xref, yref]),
    [
      ["rect", "x domain", "y"],
      ["line", "x domain", "y"],
      ["rect", "x2 domain", "y"],
      ["line", "x2 domain", "y"],
    ],
  );
  const [low, high] = drawn.yaxis.range;
  assert.ok(low < -5 && high > -3, drawn.yaxis.range.join());
  assert.ok(updates.legend(scene).some(({ text }) => text.startsWith("usual")));
});

test("the noise of sampling stands below the drift on one scale", () => {
  const scene = withQuantities([
    {
      stream: 5,
      site: "pre_activation",
      quantities: ["wasserstein_over_sigma_from_start"],
      measure: (_, step) => step / 5,
    },
    { stream: 6, site: "pre_activation", quantities: ["wasserstein_over_sigma"], measure: () => 0.02 },
  ]);
  const { layout: drawn } = sampling.figure(scene);
  assert.deepEqual(drawn.yaxis.range, drawn.yaxis2.range);
  assert.ok(drawn.yaxis.range[0] < Math.log10(0.02) && drawn.yaxis.range[1] > 1);
  const drift = { ...scene, layoutIndex: makeScene().layoutIndex };
  assert.ok(sampling.available(scene) && !sampling.available(drift));
});

test("of silent units the card says what each share that it shows is of", () => {
  const scene = withQuantities([{ stream: 5, site: "output", quantities: ["zero_fraction"], measure: () => 0.5 }]);
  const said = units.legend(scene).map(({ text }) => text);
  assert.ok(said.some((text) => text.startsWith("zero:")) && !said.some((text) => text.startsWith("dead:")));
});

test("of a few steps each has a tick, of many as many as there is room for", () => {
  const ticks = (span) => moments.figure({ ...makeScene({ steps: STEPS }), span }).layout.xaxis.dtick;
  assert.deepEqual([1, 5, 6, 64].map(ticks), [1, 1, undefined, undefined]);
});
