/** Time by value: the distribution of the layer in focus over the steps, with percentile bands on it. */

import { colorStops, css, mix, wordsOf } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { brief, robustRange, spread } from "../app/numbers.js";
import {
  atStep,
  axis,
  axisId,
  axisName,
  colorsOf,
  commonKey,
  heading,
  layoutOf,
  split,
  stepAxis,
  stepTitle,
} from "./common.js";
import { layerChoice } from "./controls.js";
import { distributionAt } from "./distribution.js";
import { focusLayer } from "./focus.js";
import { leftOut, points, sample, valueNow } from "./line-points.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").View} View */
/** @typedef {import("./distribution.js").Distribution} Distribution */

const BANDS = [0.15, 0.5, 0.85];
const MOST_POINTS = 3000;
const SETTLED = { columns: 160, rows: 48 };

/** @param {Scene} scene @returns {{place: Distribution, index: number}[]} */
function panels(scene) {
  const layer = focusLayer(scene);
  return scene.header.networks.flatMap((network, index) => {
    const place = distributionAt(scene, network.name, layer, index);
    return place ? [{ place, index }] : [];
  });
}

/**
 * Percentile lines of a panel: the measured levels nearest to 15, 50 and 85 %.
 * @param {Scene} scene @param {{place: Distribution, index: number}} panel @param {number} column
 */
function bands(scene, { place }, column) {
  const quantiles = scene.places.find("quantiles", {
    network: place.network,
    layer: place.layer,
    site: place.histogram.site,
  });
  if (!quantiles?.coordinates) return [];
  const levels = quantiles.coordinates;
  const unit = Math.max(...levels) > 1 ? 100 : 1;
  return BANDS.map((level) => {
    const nearest = levels.reduce(
      (best, one, i) => (Math.abs(one / unit - level) < Math.abs(levels[best] / unit - level) ? i : best),
      0,
    );
    return {
      stream: quantiles.stream,
      offset: quantiles.offset + nearest,
      axes: `${axisId("x", column)}y`,
      width: level === 0.5 ? 1.8 : 1.1,
      color: scene.theme.ink,
      name: scene.t("percent", { value: brief((100 * levels[nearest]) / unit) }),
      network: place.network,
      column,
      row: 0,
    };
  });
}

/** One axis of values for all panels. @param {Scene} scene @returns {[number, number]} */
function valueRange(scene) {
  const values = panels(scene).flatMap(({ place }) => {
    if (!place.mean || !place.std) return [];
    const at = (/** @type {number} */ offset) =>
      sample(scene, { stream: place.stream, offset, axes: "xy", color: "", width: 1, name: "" }, 120);
    const means = at(place.mean.offset);
    const spreads = at(place.std.offset);
    return [...means.map((mean, i) => mean - 3 * spreads[i]), ...means.map((mean, i) => mean + 3 * spreads[i])];
  });
  const [low, high] = robustRange(values);
  const step = 2 ** Math.floor(Math.log2((high - low) / 6));
  return [Math.floor(low / step) * step, Math.ceil(high / step) * step];
}

/** A percentile's line for Plotly. @param {Scene} scene @param {import("../types").Series} line */
function pointsOf(scene, line) {
  const { x, y } = points(scene, line, MOST_POINTS);
  return { x, y };
}

/** @param {Scene} scene @param {number} index */
const scaleOf = (scene, index) => {
  const color = colorsOf(scene)[index];
  return scene.theme.name === "light"
    ? [/** @type {[number, number, number]} */ ([252, 252, 254]), mix(color, [255, 255, 255], 0.55), color]
    : [/** @type {[number, number, number]} */ ([19, 24, 34]), mix(color, [19, 24, 34], 0.55), color];
};

/**
 * Density of a row at a value, as a share of the row's own peak.
 * @param {Distribution} place
 * @param {Float32Array} row
 * @param {number} peak
 * @param {number} value
 */
function shareAt(place, row, peak, value) {
  const low = row[place.range.offset];
  const bin = Math.floor(((value - low) / (row[place.range.offset + 1] - low)) * place.histogram.size);
  return bin >= 0 && bin < place.histogram.size ? row[place.histogram.offset + bin] / peak : 0;
}

/** @param {Distribution} place @param {Float32Array} row */
function peakOf(place, row) {
  let peak = 0;
  for (let bin = 0; bin < place.histogram.size; bin++) peak = Math.max(peak, row[place.histogram.offset + bin]);
  return peak;
}

/** @param {Scene} scene @param {Distribution} place @param {[number, number]} range */
function cells(scene, place, range) {
  const stream = scene.history.stream(place.stream);
  const slots = spread(stream.count, SETTLED.columns)
    .map((position) => stream.order[position])
    .filter((slot) => stream.rowOf[slot] >= 0);
  const y = Array.from(
    { length: SETTLED.rows },
    (_, i) => range[0] + ((i + 0.5) * (range[1] - range[0])) / SETTLED.rows,
  );
  const columns = slots.map((slot) => {
    const row = /** @type {Float32Array} */ (stream.row(slot));
    const peak = peakOf(place, row);
    return y.map((value) => shareAt(place, row, peak, value));
  });
  return { x: slots.map((slot) => stream.steps[slot]), y, z: y.map((_, i) => columns.map((column) => column[i])) };
}

/** @type {View} */
export const density = {
  id: "density",
  size: "wide",
  controls: (scene) => [layerChoice(scene)],
  legend: (scene) => [
    { text: scene.t("legend.density"), colors: scaleOf(scene, 0).map((rgb) => css(rgb)), width: 9, dash: "field" },
    { text: scene.t("legend.percentiles"), colors: [scene.theme.ink], width: 1.5 },
  ],
  streams: (scene) => [...new Set(panels(scene).map(({ place }) => place.stream))],
  available: (scene) => panels(scene).length > 0,
  key: (scene) => [commonKey(scene), scene.span, focusLayer(scene), ...valueRange(scene)].join("|"),
  figure(scene, settled = true) {
    const shown = panels(scene);
    const across = split(Math.max(1, shown.length), scene.narrow ? 0.09 : 0.035);
    const range = valueRange(scene);
    const colors = colorsOf(scene);
    /** @type {Record<string, any>} */
    const layout = layoutOf(scene, {
      annotations: shown.map(({ place, index }, i) =>
        heading(
          scene,
          `${named(place.network, scene.t)} · ${named(place.layer, scene.t)}`,
          css(colors[index]),
          across[i],
        ),
      ),
      yaxis: axis(scene, { range, nticks: 6, showgrid: false, anchor: "x" }),
    });
    shown.forEach((_, i) => {
      layout[axisName("x", i)] = stepAxis(scene, { domain: across[i], anchor: "y", title: stepTitle(scene, i === 0) });
    });
    const heat = shown.map(({ place, index }, i) => ({
      type: "heatmap",
      uid: `heat${i}`,
      xaxis: axisId("x", i),
      yaxis: "y",
      colorscale: colorStops(scaleOf(scene, index)),
      zmin: 0,
      zmax: 1,
      showscale: false,
      ...(settled
        ? cells(scene, place, range)
        : {
            x: [0, 1],
            y: range,
            z: [
              [null, null],
              [null, null],
            ],
          }),
      zsmooth: false,
      hoverongaps: false,
      hovertemplate:
        scene.t("density.cell", { step: atStep(scene.t), value: "%{y:.3g}", share: "<b>%{z:.0%}</b>" }) +
        "<extra></extra>",
    }));
    const lines = shown
      .flatMap((panel, i) => bands(scene, panel, i))
      .map((line, i) => ({
        type: "scatter",
        mode: "lines",
        uid: `band${i}`,
        xaxis: axisId("x", line.column),
        yaxis: "y",
        ...(settled ? pointsOf(scene, line) : { x: [], y: [] }),
        line: { color: line.color, width: line.width, simplify: false },
        name: line.name,
        hovertemplate: `${line.name} · ${atStep(scene.t)}: <b>%{y:.4g}</b><extra></extra>`,
      }));
    return { data: [...heat, ...lines], layout };
  },
  series: (scene) => panels(scene).flatMap((panel, i) => bands(scene, panel, i)),
  rasters(scene) {
    return panels(scene).map(({ place, index }, i) => {
      const words = wordsOf(scaleOf(scene, index));
      const stream = scene.history.stream(place.stream);
      return {
        stream: place.stream,
        axes: `${axisId("x", i)}y`,
        paint(slot, out, y, ratio) {
          const row = stream.row(slot);
          if (!row) return out.fill(0);
          const peak = peakOf(place, row);
          if (!(peak > 0)) return out.fill(0);
          for (let pixel = 0; pixel < out.length; pixel++) {
            const share = shareAt(place, row, peak, ((pixel + 0.5) / ratio - y.intercept) / y.slope);
            out[pixel] = words[Math.min(255, Math.round(255 * share))];
          }
        },
      };
    });
  },
  summary: (scene) =>
    panels(scene)
      .map((panel, i) => {
        const [low, middle, high] = bands(scene, panel, i).map((line) => valueNow(scene, line));
        return scene.t("density.summary", {
          network: named(panel.place.network, scene.t),
          layer: named(panel.place.layer, scene.t),
          low: brief(low ?? NaN),
          middle: brief(middle ?? NaN),
          high: brief(high ?? NaN),
        });
      })
      .join("; "),
  table(scene) {
    /** @type {(string | number)[][]} */
    const table = [["network", "layer", "percentile", "step", "value"]];
    for (const line of panels(scene).flatMap((panel, i) => bands(scene, panel, i))) {
      const { x, values } = points(scene, line);
      for (const [at, step] of x.entries()) table.push([line.network, focusLayer(scene), line.name, step, values[at]]);
    }
    return table;
  },
  leftOut: (scene) =>
    Math.max(0, ...panels(scene).flatMap((panel, i) => bands(scene, panel, i).map((line) => leftOut(scene, line)))),
  pick: (_scene, point) => ({ step: point.x }),
};
