// A run that was watched without a fixed batch: it recorded drift on its training batches.

import { HEADER, LAYERS, layout, makeScene, NETWORKS } from "./scene.js";

const UNITS = {
  batch_wasserstein_from_start: "1",
  batch_wasserstein_over_sigma_from_start: "std",
  batch_mean_shift_from_start: "std",
  batch_wasserstein_over_sigma_from_previous: "std",
};
export const STEPS = [0, 8, 16];

/** Layer i of network n drifts by (10 n + i + 1) / 8 a step; the quantities after the first are 1, 2, 3 more. */
export function batchDriftScene({ selection = {}, more = [] } = {}) {
  const entries = NETWORKS.flatMap((network) => [
    { network, quantity: "batch_noise_floor", unit: "std" },
    ...LAYERS.flatMap((layer) =>
      Object.entries(UNITS).map(([quantity, unit]) => ({ network, layer, site: "pre_activation", quantity, unit })),
    ),
  ]);
  const header = { ...HEADER, layouts: [...HEADER.layouts, layout(9, "batch_drift", entries), ...more] };
  const scene = makeScene({ header, steps: STEPS, selection });
  for (const [seq, step] of STEPS.entries()) {
    const row = NETWORKS.flatMap((_, n) => [
      0.125,
      ...LAYERS.flatMap((_, i) => Object.keys(UNITS).map((_, q) => (step ? q + ((10 * n + i + 1) * step) / 8 : 0))),
    ]);
    scene.history.append({ stream: 9, seq: 50 + seq, step, time: 0, row: Float32Array.from(row) });
  }
  return scene;
}
