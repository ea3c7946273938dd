/** Depth by network: one column a network, one row a layer, its distribution now over the outline of the compared step. */

import { css } from "../colors.js";
import { distributionAt, driftOf, gaussianDrift, momentsOf, SMALLEST_SIGMA } from "../measures.js";
import { brief, briefDrift, quantile, spread } from "../numbers.js";
import { axis, axisId, axisName, colorsOf, commonKey, escapeText, heading, layoutOf, shownSlot, split } from "./common.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").View} View */
/** @typedef {import("../measures.js").Distribution} Distribution */
/** @typedef {Distribution & {column: number, row: number, rows: number}} Ridge */
/** @typedef {{center: number, unit: number, peak: number}} Frame what a row is drawn relative to */

const ROW_HEIGHT = 0.82;
const SIGMA_REACHES = [3, 4, 5, 6, 8, 10, 12];
const CLIP_SHOWN = 0.005;

/** Rows of all networks, input first. @param {Scene} scene @returns {Ridge[]} */
export function ridgesOf(scene) {
  const rows = scene.places.layers;
  return scene.header.networks.flatMap((network, column) =>
    network.layers.flatMap((layer) => {
      const place = distributionAt(scene, network.name, layer.name, rows.indexOf(layer.name));
      return place ? [{ ...place, column, row: place.index, rows: rows.length }] : [];
    }),
  );
}

/**
 * Height of a shape whose peak density is `ratio` times the outline's. Within a shape heights are proportional to the
 * density; from shape to shape they differ less than it does, so that a wide layer and a collapsed one both stay in sight.
 * @param {number} ratio
 */
export const heightOf = (ratio) => Math.min(ratio ** 0.4, 1.6);

/**
 * What a row is drawn relative to: the compared step's center, sigma and peak.
 * @param {Scene} scene @param {Ridge} ridge @param {Float32Array} row
 * @returns {Frame}
 */
export function frameOf(scene, ridge, row) {
  const { mean, std } = momentsOf(ridge, row);
  const sigma = Math.max(Number.isFinite(std) ? std : 1, SMALLEST_SIGMA);
  const low = row[ridge.range.offset];
  const width = (row[ridge.range.offset + 1] - low) / ridge.histogram.size;
  let peak = 0;
  for (let bin = 0; bin < ridge.histogram.size; bin++) peak = Math.max(peak, row[ridge.histogram.offset + bin]);
  const density = peak / width;
  const relative = scene.look.scale === "sigma";
  return {
    center: relative && Number.isFinite(mean) ? mean : 0, unit: relative ? sigma : 1,
    peak: Number.isFinite(density) && density > 0 ? density : 1,
  };
}

/**
 * The outline of a row as a closed polygon on its own base line; flat where nothing finite is.
 * @param {Ridge} ridge @param {Frame} frame @param {Float32Array} row
 * @param {Float64Array} x @param {Float64Array} y each of bins + 2
 */
export function outline(ridge, frame, row, x, y) {
  const bins = ridge.histogram.size;
  const low = row[ridge.range.offset];
  const high = row[ridge.range.offset + 1];
  const finite = Number.isFinite(low) && Number.isFinite(high) && high > low;
  const width = finite ? (high - low) / bins : frame.unit / bins;
  const start = finite ? low : frame.center;
  let peak = 0;
  for (let bin = 0; bin < bins; bin++) peak = Math.max(peak, row[ridge.histogram.offset + bin]);
  const scale = finite && peak > 0 ? (ROW_HEIGHT * heightOf(peak / width / frame.peak)) / peak : 0;
  for (let bin = 0; bin < bins; bin++) {
    const share = row[ridge.histogram.offset + bin];
    x[bin + 1] = (start + (bin + 0.5) * width - frame.center) / frame.unit;
    y[bin + 1] = ridge.row + (share > 0 ? scale * share : 0);
  }
  x[0] = x[1];
  x[bins + 1] = x[bins];
  y[0] = y[bins + 1] = ridge.row;
}

/**
 * Half the width of the shared axis in sigmas (or its two ends in values): what the run has needed so far, one wild
 * spike left out, in few steps, so that the axis seldom moves.
 * @param {Scene} scene
 * @returns {[number, number]}
 */
export function extent(scene) {
  const ridges = ridgesOf(scene).filter((ridge) => ridge.mean && (ridge.std || ridge.variance));
  if (ridges.length === 0) return scene.look.scale === "sigma" ? [-4, 4] : [-3, 3];
  const stream = scene.history.stream(ridges[0].stream);
  const first = stream.slotAt(scene.look.compare);
  /** @type {number[]} */
  const lows = [];
  /** @type {number[]} */
  const highs = [];
  for (const position of spread(stream.count, 48)) {
    let low = Infinity;
    let high = -Infinity;
    for (const ridge of ridges) {
      const [from, to] = reach(scene, ridge, stream, first, stream.order[position]);
      if (from < low) low = from;
      if (to > high) high = to;
    }
    if (Number.isFinite(low) && Number.isFinite(high)) {
      lows.push(low);
      highs.push(high);
    }
  }
  if (lows.length === 0) return [-4, 4];
  const low = quantile(lows.sort((a, b) => a - b), 0.1);
  const high = quantile(highs.sort((a, b) => a - b), 0.9);
  if (scene.look.scale === "sigma") {
    const needed = Math.max(-low, high);
    const half = SIGMA_REACHES.find((step) => step >= needed) ?? SIGMA_REACHES[SIGMA_REACHES.length - 1];
    return [-half, half];
  }
  const step = 2 ** Math.ceil(Math.log2(Math.max(high - low, 1e-6) / 8));
  return [Math.floor(low / step) * step, Math.ceil(high / step) * step];
}

/**
 * @param {Scene} scene @param {Ridge} ridge @param {import("../history.js").StreamHistory} stream
 * @param {number} first @param {number} slot
 * @returns {[number, number]}
 */
function reach(scene, ridge, stream, first, slot) {
  const meanAt = /** @type {import("../types").Place} */ (ridge.mean).offset;
  const spreadAt = /** @type {import("../types").Place} */ (ridge.std ?? ridge.variance);
  const sigma = (/** @type {number} */ at) => {
    const value = stream.column(spreadAt.offset)[at];
    return spreadAt.quantity === "variance" ? Math.sqrt(value) : value;
  };
  const mean = stream.column(meanAt)[slot];
  const std = sigma(slot);
  if (scene.look.scale !== "sigma") return [mean - 3 * std, mean + 3 * std];
  const center = stream.column(meanAt)[first];
  const unit = Math.max(sigma(first), SMALLEST_SIGMA);
  return [(mean - center - 2.2 * std) / unit, (mean - center + 2.2 * std) / unit];
}

/** @param {number} rows */
const yRange = (rows) => [-0.28, rows - 1 + ROW_HEIGHT * 1.3];

/** @param {Scene} scene @param {Ridge} ridge */
function shapesOf(scene, ridge) {
  const stream = scene.history.stream(ridge.stream);
  const now = stream.row(shownSlot(scene, ridge.stream));
  const compared = stream.row(stream.slotAt(scene.look.compare));
  if (!now || !compared) return null;
  const frame = frameOf(scene, ridge, compared);
  const make = (/** @type {Float32Array} */ row) => {
    const x = new Float64Array(ridge.histogram.size + 2);
    const y = new Float64Array(ridge.histogram.size + 2);
    outline(ridge, frame, row, x, y);
    return { x, y };
  };
  return { now: make(now), compared: make(compared), frame };
}

/**
 * How far a row has moved from the compared step.
 * @param {Scene} scene @param {Ridge} ridge
 */
export function driftNow(scene, ridge) {
  const slot = shownSlot(scene, ridge.stream);
  const stream = scene.history.stream(ridge.stream);
  if (scene.look.compare === 0) {
    const drift = driftOf(scene, ridge.network, ridge.layer);
    if (drift) return drift.at(shownSlot(scene, drift.stream));
  }
  const now = stream.row(slot);
  const compared = stream.row(stream.slotAt(scene.look.compare));
  if (!now || !compared) return NaN;
  const a = momentsOf(ridge, compared);
  const b = momentsOf(ridge, now);
  return gaussianDrift(a.mean, a.std, b.mean, b.std);
}

/**
 * The texts of a row: drift at the right, what lies outside the axis at both ends.
 * @param {Scene} scene @param {Ridge} ridge @param {[number, number]} range
 * @returns {[string, string, string]}
 */
export function textsOf(scene, ridge, range) {
  const stream = scene.history.stream(ridge.stream);
  const row = stream.row(shownSlot(scene, ridge.stream));
  const compared = stream.row(stream.slotAt(scene.look.compare));
  if (!row || !compared) return [" ", " ", " "];
  const broken = (ridge.nan ? row[ridge.nan.offset] : 0) + (ridge.infinite ? row[ridge.infinite.offset] : 0);
  if (broken > 0) return [scene.t("ridge.nonfinite", { count: broken }), " ", " "];
  const drift = driftNow(scene, ridge);
  const { center, unit } = frameOf(scene, ridge, compared);
  const low = row[ridge.range.offset];
  const width = (row[ridge.range.offset + 1] - low) / ridge.histogram.size;
  let below = ridge.outside ? row[ridge.outside.offset] : 0;
  let above = ridge.outside ? row[ridge.outside.offset + 1] : 0;
  for (let bin = 0; bin < ridge.histogram.size; bin++) {
    const value = (low + (bin + 0.5) * width - center) / unit;
    if (value < range[0]) below += row[ridge.histogram.offset + bin];
    else if (value > range[1]) above += row[ridge.histogram.offset + bin];
  }
  const percent = (/** @type {number} */ share) => `${Math.round(100 * share)} %`;
  return [
    Number.isFinite(drift) ? `${briefDrift(drift)}${scene.t("ridge.sigma")}` : " ",
    below > CLIP_SHOWN ? `◂ ${percent(below)}` : " ", above > CLIP_SHOWN ? `${percent(above)} ▸` : " ",
  ];
}

/** Traces: per ridge the compared outline and the shape now; per network its texts. @param {Scene} scene */
function tracesOf(scene) {
  const colors = colorsOf(scene);
  const range = extent(scene);
  // Plotly draws in order: the top row first, so that each row stands before the one above it.
  const ridges = ridgesOf(scene).sort((a, b) => b.row - a.row || a.column - b.column);
  const data = ridges.flatMap((ridge) => {
    const shapes = shapesOf(scene, ridge) ?? { now: { x: [], y: [] }, compared: { x: [], y: [] } };
    const axes = { xaxis: axisId("x", ridge.column), yaxis: "y", type: "scatter", mode: "lines", meta: ridge.layer };
    const strong = scene.look.layer === null || scene.look.layer === ridge.layer;
    const color = colors[ridge.column];
    return [
      {
        ...axes, uid: `now-${ridge.column}-${ridge.row}`, ...shapes.now, fill: "toself", fillcolor: css(color, strong ? 0.5 : 0.2),
        line: { color: css(color, strong ? 1 : 0.5), width: 1.5, simplify: false }, hoveron: "points",
        hovertemplate: `<b>${escapeText(ridge.network)} · ${escapeText(ridge.layer)}</b><br>%{x:.3g}<extra></extra>`,
      },
      {
        ...axes, uid: `ref-${ridge.column}-${ridge.row}`, ...shapes.compared, hoverinfo: "skip",
        line: { color: scene.theme.reference, width: 1.1, dash: "1.5px,2px", simplify: false },
      },
    ];
  });
  const texts = scene.header.networks.map((_, column) => textTrace(scene, ridges.filter((r) => r.column === column), column, range));
  return { data: [...data, ...texts], range };
}

/** @param {Scene} scene @param {Ridge[]} ridges @param {number} column @param {[number, number]} range */
function textTrace(scene, ridges, column, range) {
  const texts = ridges.map((ridge) => textsOf(scene, ridge, range));
  const inset = 0.012 * (range[1] - range[0]);
  const ends = [...ridges.map(() => range[1] - inset), ...ridges.map(() => range[0] + inset), ...ridges.map(() => range[1] - inset)];
  const heights = [0.34, 0.1, 0.1].flatMap((height) => ridges.map((ridge) => ridge.row + height));
  return {
    type: "scatter", mode: "text", uid: `text-${column}`, xaxis: axisId("x", column), yaxis: "y", hoverinfo: "skip", cliponaxis: false,
    x: ends, y: heights, text: [0, 1, 2].flatMap((which) => texts.map((text) => text[which])),
    textposition: [...ridges.map(() => "middle left"), ...ridges.map(() => "middle right"), ...ridges.map(() => "middle left")],
    textfont: {
      color: [...ridges.map(() => scene.theme.ink), ...ridges.map(() => scene.theme.ink), ...ridges.map(() => scene.theme.ink)],
      size: [...ridges.map(() => (scene.narrow ? 10 : 12)), ...ridges.map(() => 10), ...ridges.map(() => 10)],
    },
  };
}

/** @type {View} */
export const ridges = {
  id: "ridges",
  streams: (scene) => [...new Set(ridgesOf(scene).map((ridge) => ridge.stream))],
  available: (scene) => ridgesOf(scene).length > 0,
  key(scene) {
    const stream = ridgesOf(scene)[0]?.stream;
    const history = stream === undefined ? null : scene.history.stream(stream);
    const compared = history ? history.seqs[Math.max(0, history.slotAt(scene.look.compare))] : 0;
    return [commonKey(scene), scene.look.layer, scene.look.scale, scene.look.compare, compared, history?.count ? 1 : 0, ...extent(scene)].join("|");
  },
  figure(scene) {
    const { data, range } = tracesOf(scene);
    const layers = scene.places.layers;
    const colors = colorsOf(scene);
    const across = split(scene.header.networks.length, 0.03);
    /** @type {Record<string, any>} */
    const layout = layoutOf(scene, {
      margin: { l: scene.narrow ? 62 : 78, r: 8, t: 26, b: 38 },
      annotations: scene.header.networks.map((network, i) => heading(scene, network.name, css(colors[i]), across[i], { font: { size: scene.narrow ? 12 : 15, color: css(colors[i]), weight: 700 } })),
    });
    layout.yaxis = axis(scene, {
      range: yRange(layers.length), tickvals: layers.map((_, i) => i), ticktext: layers.map((name) => (name === scene.look.layer ? `<b>${escapeText(name)}</b>` : escapeText(name))),
      ticks: "", fixedrange: true, anchor: "x", tickfont: { color: scene.theme.ink },
    });
    scene.header.networks.forEach((_, i) => {
      layout[axisName("x", i)] = axis(scene, {
        domain: across[i], range, anchor: "y", zeroline: true, nticks: 7, tickangle: 0,
        title: { text: scene.t(scene.look.scale === "sigma" ? "axis.sigmas" : "axis.value"), standoff: 6, font: { size: 11 } },
      });
    });
    return { data, layout };
  },
  shapes(scene) {
    return ridgesOf(scene).sort((a, b) => b.row - a.row || a.column - b.column).flatMap((ridge, i) => {
      const shapes = shapesOf(scene, ridge);
      return shapes ? [{ trace: 2 * i, ...shapes.now }] : [];
    });
  },
  labels(scene) {
    const range = extent(scene);
    const all = ridgesOf(scene).sort((a, b) => b.row - a.row || a.column - b.column);
    return scene.header.networks.map((_, column) => {
      const texts = all.filter((ridge) => ridge.column === column).map((ridge) => textsOf(scene, ridge, range));
      return { trace: 2 * all.length + column, texts: [0, 1, 2].flatMap((which) => texts.map((text) => text[which])) };
    });
  },
  summary: (scene) => scene.header.networks.map((network, column) => {
    const moved = ridgesOf(scene).filter((ridge) => ridge.column === column)
      .map((ridge) => ({ layer: ridge.layer, drift: driftNow(scene, ridge) })).filter((one) => Number.isFinite(one.drift))
      .sort((a, b) => b.drift - a.drift)[0];
    return moved ? scene.t("ridges.summary", { network: network.name, layer: moved.layer, drift: brief(moved.drift) }) : network.name;
  }).join("; "),
  table(scene) {
    /** @type {(string | number)[][]} */
    const table = [["network", "layer", "lower_edge", "upper_edge", "fraction_now", "fraction_compared", "lower_edge_compared", "upper_edge_compared"]];
    for (const ridge of ridgesOf(scene)) {
      const stream = scene.history.stream(ridge.stream);
      const now = stream.row(shownSlot(scene, ridge.stream));
      const before = stream.row(stream.slotAt(scene.look.compare));
      if (!now || !before) continue;
      const edge = (/** @type {Float32Array} */ row, /** @type {number} */ bin) =>
        row[ridge.range.offset] + (bin * (row[ridge.range.offset + 1] - row[ridge.range.offset])) / ridge.histogram.size;
      for (let bin = 0; bin < ridge.histogram.size; bin++) {
        table.push([ridge.network, ridge.layer, edge(now, bin), edge(now, bin + 1), now[ridge.histogram.offset + bin],
          before[ridge.histogram.offset + bin], edge(before, bin), edge(before, bin + 1)]);
      }
    }
    return table;
  },
  pick: (_scene, point) => (point.data.meta ? { layer: point.data.meta } : null),
};
