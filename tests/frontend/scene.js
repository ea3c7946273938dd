// A small scene to draw from: two networks, three layers, made of known numbers.

import { translator } from "../../frontend/app/i18n.js";
import { readLink } from "../../frontend/app/link.js";
import { FIRST_SELECTION, initialState } from "../../frontend/app/state.js";
import { LayoutIndex } from "../../frontend/stream/layout-index.js";
import { RunHistory } from "../../frontend/stream/run-history.js";

export const BINS = 8;
export const LAYERS = ["hidden 1", "hidden 2", "output"];
export const NETWORKS = ["without BN", "with BN"];

/** Lays entries side by side, as the producer does. */
export function layout(stream, name, entries) {
  let offset = 0;
  return {
    stream,
    name,
    entries: entries.map((entry) => {
      const whole = { network: "", layer: "", site: "", unit: "1", shape: [], coordinates: null, ...entry, offset };
      offset += whole.shape.reduce((a, b) => a * b, 1);
      return whole;
    }),
  };
}

export const HEADER = {
  networks: NETWORKS.map((name, i) => ({
    name,
    layers: LAYERS.map((layer) => ({ name: layer, features: 4, activation: "relu", normalization: i ? "batch" : "" })),
  })),
  layouts: [
    layout(
      0,
      "steps",
      NETWORKS.flatMap((network) =>
        ["loss", "accuracy", "nonfinite_count"].map((quantity) => ({ network, quantity })),
      ),
    ),
    layout(
      1,
      "layers",
      NETWORKS.flatMap((network) =>
        LAYERS.flatMap((layer) => [
          ...["mean", "std"].map((quantity) => ({ network, layer, site: "pre_activation", quantity })),
          { network, layer, site: "pre_activation", quantity: "histogram", shape: [BINS] },
          { network, layer, site: "pre_activation", quantity: "histogram_range", shape: [2] },
          { network, layer, site: "pre_activation", quantity: "histogram_outside", shape: [2] },
          { network, layer, site: "pre_activation", quantity: "quantiles", shape: [3], coordinates: [15, 50, 85] },
          { network, layer, quantity: "gradient_norm" },
          ...(network === "with BN"
            ? [
                { network, layer, quantity: "gamma", shape: [4] },
                { network, layer, quantity: "beta", shape: [4] },
              ]
            : []),
        ]),
      ),
    ),
  ],
  total_steps: 100,
};

const SHAPE = [0, 0.05, 0.15, 0.3, 0.3, 0.15, 0.05, 0];

/** Row of the layers stream at a step: layer i of the plain network drifts by i + 1 sigma in 100 steps. */
export function layersRow(layoutIndex, step, { broken = false } = {}) {
  const row = new Float32Array(layoutIndex.sizes.get(1));
  for (const [n, network] of NETWORKS.entries()) {
    for (const [i, layer] of LAYERS.entries()) {
      const at = (quantity, site = "pre_activation") => layoutIndex.find(quantity, { network, layer, site })?.offset;
      const mean = n === 0 ? ((i + 1) * step) / 100 : 0;
      row[at("mean")] = broken && n === 0 ? NaN : mean;
      row[at("std")] = broken && n === 0 ? NaN : 1;
      row.set(SHAPE, at("histogram"));
      row.set([mean - 4, mean + 4], at("histogram_range"));
      row.set([mean - 1, mean, mean + 1], at("quantiles"));
      row[at("gradient_norm", "")] = 10 ** -i;
      if (n === 1) {
        row.set([1, 2, 3, 4], at("gamma", ""));
        row.set([0, 0.1, 0.2, 0.3], at("beta", ""));
      }
    }
  }
  return row;
}

/** Colours of figures. */
export const THEME = {
  name: "light",
  ink: "#000",
  muted: "#444",
  faint: "#999",
  grid: "#eee",
  surface: "#fff",
  reference: "#222",
  bad: "#b00",
};

/** The page's state before anything has come, led to by a link. */
export const stateOf = (link = "") => initialState({ t: translator("en"), theme: THEME, linked: readLink(link) });

export function makeScene({ steps = [0, 1, 2, 50], selection = {}, header = HEADER, broken = [] } = {}) {
  const layoutIndex = new LayoutIndex(header);
  const history = new RunHistory(layoutIndex.sizes);
  let seq = 0;
  for (const step of steps) {
    const lost = broken.includes(step) ? NaN : 1 / (step + 1);
    history.append({
      stream: 0,
      seq: ++seq,
      step,
      time: step,
      row: Float32Array.from([lost, 0.5, Number.isNaN(lost) ? 7 : 0, 0.5, 0.9, 0]),
    });
    history.append({
      stream: 1,
      seq: ++seq,
      step,
      time: step,
      row: layersRow(layoutIndex, step, { broken: broken.includes(step) }),
    });
  }
  return {
    run: { id: "r1", name: "a run", state: "running", step: steps.at(-1), total_steps: 100 },
    header,
    events: [],
    layoutIndex,
    history,
    selection: { ...FIRST_SELECTION, ...selection },
    span: 64,
    narrow: false,
    t: translator("en"),
    theme: THEME,
  };
}
