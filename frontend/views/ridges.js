/**
 * Depth by network: one column a network, one row a layer, its distribution now over the outline of the compared step.
 */

import { css } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { quantile, spread } from "../app/numbers.js";
import {
  axis,
  axisId,
  axisName,
  colorsOf,
  commonKey,
  escapeText,
  heading,
  layerLabel,
  layoutOf,
  split,
} from "./common.js";
import { divisor } from "./distribution.js";
import {
  farthest,
  frameOf,
  movedByName,
  outline,
  ROW_HEIGHT,
  ridgesOf,
  rowsOf,
  shapeOf,
  textsOf,
} from "./ridge-shapes.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").View} View */
/** @typedef {import("./ridge-shapes.js").Ridge} Ridge */

const SIGMA_REACHES = [3, 4, 5, 6, 8, 10, 12];
const EXTENT_SAMPLES = 48;

/**
 * Half the width of the shared axis in sigmas (or its two ends in values): what the run has needed so far, one wild
 * spike left out, in few steps, so that the axis seldom moves.
 * @param {Scene} scene
 * @returns {[number, number]}
 */
function extent(scene) {
  const ridges = ridgesOf(scene).filter((ridge) => ridge.mean && ridge.std);
  if (ridges.length === 0) return scene.look.scale === "sigma" ? [-4, 4] : [-3, 3];
  const stream = scene.history.stream(ridges[0].stream);
  const compared = stream.slotAt(scene.look.compare);
  /** @type {number[]} */
  const lows = [];
  /** @type {number[]} */
  const highs = [];
  for (const position of spread(stream.count, EXTENT_SAMPLES)) {
    let low = Infinity;
    let high = -Infinity;
    for (const ridge of ridges) {
      const [from, to] = reach(scene, ridge, stream, compared, stream.order[position]);
      if (from < low) low = from;
      if (to > high) high = to;
    }
    if (Number.isFinite(low) && Number.isFinite(high)) {
      lows.push(low);
      highs.push(high);
    }
  }
  if (lows.length === 0) return [-4, 4];
  const low = quantile(
    lows.sort((a, b) => a - b),
    0.1,
  );
  const high = quantile(
    highs.sort((a, b) => a - b),
    0.9,
  );
  if (scene.look.scale === "sigma") {
    const needed = Math.max(-low, high);
    const half = SIGMA_REACHES.find((step) => step >= needed) ?? SIGMA_REACHES[SIGMA_REACHES.length - 1];
    return [-half, half];
  }
  const step = 2 ** Math.ceil(Math.log2(Math.max(high - low, 1e-6) / 8));
  return [Math.floor(low / step) * step, Math.ceil(high / step) * step];
}

/**
 * @param {Scene} scene @param {Ridge} ridge @param {import("../stream/history.js").StreamHistory} stream
 * @param {number} compared @param {number} slot
 * @returns {[number, number]}
 */
function reach(scene, ridge, stream, compared, slot) {
  const means = stream.column(/** @type {import("../types").Place} */ (ridge.mean).offset);
  const stds = stream.column(/** @type {import("../types").Place} */ (ridge.std).offset);
  const [mean, std] = [means[slot], stds[slot]];
  if (scene.look.scale !== "sigma") return [mean - 3 * std, mean + 3 * std];
  const center = means[compared];
  const unit = divisor(stds[compared], stds[stream.order[0]]) || 1;
  return [(mean - center - 2.2 * std) / unit, (mean - center + 2.2 * std) / unit];
}

/** @param {number} rows */
const yRange = (rows) => [-0.28, rows - 1 + ROW_HEIGHT * 1.3];

/** Columns of a hand's breadth have no room for all words. @param {Scene} scene */
const axisTitle = (scene) =>
  scene.look.scale === "value"
    ? "axis.value"
    : scene.narrow || scene.header.networks.length > 2
      ? "axis.sigmas.short"
      : "axis.sigmas";

/**
 * What stands for a row that has not come: Plotly gives a trace without a point no look, and what moves takes it from
 * there.
 */
const notYet = () => ({ x: [null], y: [null] });

/** The two polygons of a row. @param {Scene} scene @param {Ridge} ridge */
function shapesOf(scene, ridge) {
  const rows = rowsOf(scene, ridge);
  if (!rows) return { now: notYet(), compared: notYet() };
  const frame = frameOf(scene, ridge, rows.compared);
  return { now: shapeOf(ridge, frame, rows.now), compared: shapeOf(ridge, frame, rows.compared) };
}

/** Traces: per ridge the compared outline and the shape now; per network its texts. @param {Scene} scene */
function tracesOf(scene) {
  const colors = colorsOf(scene);
  const range = extent(scene);
  const ridges = ridgesOf(scene);
  const data = ridges.flatMap((ridge) => {
    const shapes = shapesOf(scene, ridge);
    const axes = { xaxis: axisId("x", ridge.column), yaxis: "y", type: "scatter", mode: "lines", meta: ridge.layer };
    const strong = scene.look.layer === null || scene.look.layer === ridge.layer;
    const color = colors[ridge.column];
    return [
      {
        ...axes,
        uid: `now-${ridge.column}-${ridge.row}`,
        ...shapes.now,
        fill: "toself",
        fillcolor: css(color, strong ? 0.5 : 0.2),
        line: { color: css(color, strong ? 1 : 0.5), width: 1.5, simplify: false },
        hoveron: "points",
        hovertemplate:
          `<b>${escapeText(named(ridge.network, scene.t))} · ${escapeText(named(ridge.layer, scene.t))}</b><br>` +
          `%{x:.3g}${scene.look.scale === "sigma" ? scene.t("ridge.sigma") : ""}<extra></extra>`,
      },
      {
        ...axes,
        uid: `ref-${ridge.column}-${ridge.row}`,
        ...shapes.compared,
        hoverinfo: "skip",
        line: { color: scene.theme.reference, width: 1.1, dash: "1.5px,2px", simplify: false },
      },
    ];
  });
  const texts = scene.header.networks.map((_, column) =>
    textTrace(
      scene,
      ridges.filter((r) => r.column === column),
      column,
      range,
    ),
  );
  return { data: [...data, ...texts], range };
}

/** @param {Scene} scene @param {Ridge[]} ridges @param {number} column @param {[number, number]} range */
function textTrace(scene, ridges, column, range) {
  const texts = ridges.map((ridge) => textsOf(scene, ridge, range));
  const inset = 0.012 * (range[1] - range[0]);
  const ends = [
    ...ridges.map(() => range[1] - inset),
    ...ridges.map(() => range[0] + inset),
    ...ridges.map(() => range[1] - inset),
  ];
  // What reaches beyond the axis is wide and so flat: its share stands under the base line, not in the edge.
  const heights = [0.34, -0.13, -0.13].flatMap((height) => ridges.map((ridge) => ridge.row + height));
  return {
    type: "scatter",
    mode: "text",
    uid: `text-${column}`,
    xaxis: axisId("x", column),
    yaxis: "y",
    hoverinfo: "skip",
    cliponaxis: false,
    x: ends,
    y: heights,
    text: [0, 1, 2].flatMap((which) => texts.map((text) => text[which])),
    textposition: [
      ...ridges.map(() => "middle left"),
      ...ridges.map(() => "middle right"),
      ...ridges.map(() => "middle left"),
    ],
    textfont: {
      color: [
        ...ridges.map(() => scene.theme.ink),
        ...ridges.map(() => scene.theme.ink),
        ...ridges.map(() => scene.theme.ink),
      ],
      size: [...ridges.map(() => (scene.narrow ? 10 : 12)), ...ridges.map(() => 10), ...ridges.map(() => 10)],
    },
  };
}

/** @typedef {import("../types").Shape} Shape */
/**
 * @typedef {{now: Shape, compared: Shape, frame: import("./ridge-shapes.js").Frame | null}} Moving a row's arrays,
 *   written anew in every frame
 */
/**
 * @typedef {{rows: Moving[], shapes: Shape[], key: string}} Buffers `shapes` are those of `rows`, subplot by subplot
 */
/** @type {WeakMap<import("../stream/layout-index.js").Places, Buffers>} */
const known = new WeakMap();

/** @param {number} trace @param {number} bins @returns {Shape} */
const emptyShape = (trace, bins) => ({ trace, x: new Float64Array(bins + 2), y: new Float64Array(bins + 2) });

/** @param {Scene} scene @returns {Buffers} */
function buffersOf(scene) {
  let buffers = known.get(scene.places);
  if (!buffers) {
    const ridges = ridgesOf(scene);
    const rows = ridges.map(({ histogram }, i) => ({
      now: emptyShape(2 * i, histogram.size),
      compared: emptyShape(2 * i + 1, histogram.size),
      frame: null,
    }));
    const shapes = scene.header.networks.flatMap((_, column) =>
      rows.flatMap(({ now, compared }, i) => (ridges[i].column === column ? [now, compared] : [])),
    );
    buffers = { rows, shapes, key: "" };
    known.set(scene.places, buffers);
  }
  return buffers;
}

/** The polygons of now, and the outlines of the compared step among them. @param {Scene} scene */
function movingShapes(scene) {
  const ridges = ridgesOf(scene);
  const buffers = buffersOf(scene);
  const stream = scene.history.stream(ridges[0].stream);
  const key = `${scene.look.scale} ${stream.seqs[Math.max(0, stream.slotAt(scene.look.compare))]}`;
  for (let i = 0; i < ridges.length; i++) {
    const rows = rowsOf(scene, ridges[i]);
    if (!rows) return [];
    const { now, compared, frame: before } = buffers.rows[i];
    const frame = key === buffers.key && before ? before : frameOf(scene, ridges[i], rows.compared);
    if (frame !== before) outline(ridges[i], frame, rows.compared, compared.x, compared.y);
    outline(ridges[i], frame, rows.now, now.x, now.y);
    buffers.rows[i].frame = frame;
  }
  buffers.key = key;
  return buffers.shapes;
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
    return [
      commonKey(scene),
      scene.look.layer,
      scene.look.scale,
      scene.look.compare,
      compared,
      history?.count ? 1 : 0,
      ...extent(scene),
    ].join("|");
  },
  figure(scene) {
    const { data, range } = tracesOf(scene);
    const layers = scene.places.layers;
    const colors = colorsOf(scene);
    const across = split(scene.header.networks.length, 0.03);
    /** @type {Record<string, any>} */
    const layout = layoutOf(scene, {
      margin: { l: scene.narrow ? 62 : 78, r: 8, t: 26, b: 38 },
      annotations: scene.header.networks.map((network, i) =>
        heading(scene, network.name, css(colors[i]), across[i], {
          font: { size: scene.narrow ? 12 : 15, color: css(colors[i]), weight: 700 },
        }),
      ),
    });
    layout.yaxis = axis(scene, {
      range: yRange(layers.length),
      tickvals: layers.map((_, i) => i),
      ticktext: layers.map((name) => layerLabel(scene, name)),
      ticks: "",
      fixedrange: true,
      anchor: "x",
      tickfont: { color: scene.theme.ink },
    });
    scene.header.networks.forEach((_, i) => {
      layout[axisName("x", i)] = axis(scene, {
        domain: across[i],
        range,
        anchor: "y",
        zeroline: true,
        nticks: 7,
        tickangle: 0,
        title: { text: scene.t(axisTitle(scene)), standoff: 6, font: { size: 11 } },
      });
    });
    return { data, layout };
  },
  shapes: (scene) => movingShapes(scene),
  labels(scene) {
    const range = extent(scene);
    const all = ridgesOf(scene);
    return scene.header.networks.map((_, column) => {
      const texts = all.filter((ridge) => ridge.column === column).map((ridge) => textsOf(scene, ridge, range));
      return { trace: 2 * all.length + column, texts: [0, 1, 2].flatMap((which) => texts.map((text) => text[which])) };
    });
  },
  summary: (scene) =>
    scene.header.networks
      .map((network, column) => {
        const moved = farthest(scene, column);
        return moved
          ? scene.t("ridges.summary", {
              network: named(network.name, scene.t),
              layer: named(moved.layer, scene.t),
              drift: moved.text,
              quantity: movedByName(scene),
            })
          : named(network.name, scene.t);
      })
      .join("; "),
  table(scene) {
    /** @type {(string | number)[][]} */
    const table = [
      [
        "network",
        "layer",
        "lower_edge",
        "upper_edge",
        "fraction_now",
        "fraction_compared",
        "lower_edge_compared",
        "upper_edge_compared",
      ],
    ];
    for (const ridge of ridgesOf(scene)) {
      const rows = rowsOf(scene, ridge);
      if (!rows) continue;
      const { now, compared: before } = rows;
      const edge = (/** @type {Float32Array} */ row, /** @type {number} */ bin) =>
        row[ridge.range.offset] +
        (bin * (row[ridge.range.offset + 1] - row[ridge.range.offset])) / ridge.histogram.size;
      for (let bin = 0; bin < ridge.histogram.size; bin++) {
        table.push([
          ridge.network,
          ridge.layer,
          edge(now, bin),
          edge(now, bin + 1),
          now[ridge.histogram.offset + bin],
          before[ridge.histogram.offset + bin],
          edge(before, bin),
          edge(before, bin + 1),
        ]);
      }
    }
    return table;
  },
  pick: (_scene, point) => (point.data.meta ? { layer: point.data.meta } : null),
};
