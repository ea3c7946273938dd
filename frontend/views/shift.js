/** The shift map: drift by layer and step, one panel a network, one colour scale for all. */

import { colorStops, css, glow, wordsOf } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { niceAbove, quantile, spread } from "../app/numbers.js";
import {
  atStep,
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
  stepAxis,
  stepTitle,
} from "./common.js";
import { driftName, driftOf, driftShown, driftText } from "./drift.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").View} View */
/** @typedef {import("./drift.js").Drift} Drift */

const SAMPLES = 40;
const TICKS = [0, 0.1, 0.3, 1, 3, 10, 30, 100, 300];

/**
 * Colours go by the logarithm above about 1 / 5, so that a mild shift is seen beside a wild one.
 * @param {number} drift
 */
export const warped = (drift) => Math.log10(1 + 5 * Math.max(0, drift));

const SETTLED_COLUMNS = 400;
const MOST_NAMES = 6;
/** Hangul and Han fill the height of their line: fewer names have room. */
const MOST_TALL_NAMES = 4;
const TALL = /[\u1100-\u11ff\u2e80-\ud7af]/;
const MOST_TICKS = 6;

/** Values named on the colour scale: some up to a few hundred, else powers of ten. @param {number} top */
function ticksOf(top) {
  const decades = Math.floor(Math.log10(top));
  if (decades < 3)
    return TICKS.filter((tick) => tick <= top).filter((_, i, all) => i % Math.ceil(all.length / MOST_TICKS) === 0);
  const every = Math.ceil(decades / (MOST_TICKS - 1));
  return [0, ...Array.from({ length: Math.floor(decades / every) }, (_, i) => 10 ** ((i + 1) * every))];
}

/**
 * Drifts by network and layer; null where a network lacks the layer.
 * @param {Scene} scene
 * @returns {(Drift | null)[][]}
 */
const driftsOf = (scene) =>
  scene.header.networks.map((network) => scene.places.layers.map((layer) => driftOf(scene, network.name, layer)));

/**
 * Upper end of the colour scale: nearly all cells of the run so far lie below; one wild cell does not darken the rest.
 * @param {Scene} scene
 */
export function scaleTop(scene) {
  /** @type {number[]} */
  const values = [];
  for (const drift of driftsOf(scene).flat()) {
    if (!drift) continue;
    const stream = scene.history.stream(drift.stream);
    for (const position of spread(stream.count, SAMPLES)) {
      const value = drift.at(stream.order[position]);
      if (Number.isFinite(value)) values.push(value);
    }
  }
  if (values.length === 0) return 1;
  return niceAbove(
    Math.max(
      quantile(
        values.sort((a, b) => a - b),
        0.985,
      ),
      0.05,
    ),
  );
}

/** What is shown, in the page's words. @param {Scene} scene */
const quantityName = (scene) => driftName(scene, driftShown(scene));

/** A layer's drift at a slot, in words. @param {Scene} scene @param {Drift} drift @param {number} slot */
const textAt = (scene, drift, slot) => driftText(scene, driftShown(scene), drift.at(slot));

/** Cells of a settled heatmap. @param {Scene} scene @param {(Drift | null)[]} rows */
function cells(scene, rows) {
  const drift = rows.find((one) => one !== null);
  if (!drift) return { x: [], z: rows.map(() => []) };
  const stream = scene.history.stream(drift.stream);
  const slots = spread(stream.count, SETTLED_COLUMNS).map((position) => stream.order[position]);
  return {
    x: slots.map((slot) => stream.steps[slot]),
    z: rows.map((row) => slots.map((slot) => (row ? warped(row.at(slot)) : NaN))),
    text: rows.map((row, i) =>
      slots.map((slot) =>
        row ? `${escapeText(named(scene.places.layers[i], scene.t))}: <b>${textAt(scene, row, slot)}</b>` : "",
      ),
    ),
  };
}

/** @type {View} */
export const shift = {
  id: "shift",
  streams: (scene) => [
    ...new Set(
      driftsOf(scene)
        .flat()
        .flatMap((drift) => (drift ? [drift.stream] : [])),
    ),
  ],
  available: (scene) =>
    driftsOf(scene)
      .flat()
      .some((drift) => drift !== null),
  key: (scene) => [commonKey(scene), scene.span, scene.look.drift, scaleTop(scene), scene.look.layer].join("|"),
  figure(scene, settled = true) {
    const layers = scene.places.layers;
    const drifts = driftsOf(scene);
    const colors = colorsOf(scene);
    const down = split(drifts.length, drifts.length > 2 ? 0.1 : 0.13).reverse();
    const top = scaleTop(scene);
    const scale = colorStops(glow(scene.theme.name));
    // Every layer's name where there is room, else some, the last among them.
    const most = layers.some((name) => TALL.test(named(name, scene.t))) ? MOST_TALL_NAMES : MOST_NAMES;
    const every = Math.ceil(layers.length / most);
    const labelled = layers.map((_, row) => row).filter((row) => (layers.length - 1 - row) % every === 0);
    const ticks = ticksOf(top);
    /** @type {Record<string, any>} */
    const layout = layoutOf(scene, {
      margin: { l: scene.narrow ? 62 : 78, r: 66, t: 24, b: 36 },
      annotations: scene.header.networks.map((network, i) =>
        heading(scene, network.name, css(colors[i]), [0, 1], { y: down[i][1] }),
      ),
      coloraxis: {
        colorscale: scale,
        cmin: 0,
        cmax: warped(top),
        colorbar: {
          thickness: 9,
          outlinewidth: 0,
          len: 1,
          y: 0.5,
          x: 1.005,
          tickfont: { size: 10 },
          tickvals: ticks.map(warped),
          ticktext: ticks.map((tick) => (tick >= 1000 ? `1e${Math.round(Math.log10(tick))}` : String(tick))),
          title: { text: escapeText(quantityName(scene)), side: "right", font: { size: 10.5 } },
        },
      },
    });
    drifts.forEach((_, i) => {
      layout[axisName("x", i)] = stepAxis(scene, {
        anchor: axisId("y", i),
        showticklabels: i === drifts.length - 1,
        title: stepTitle(scene, i === drifts.length - 1),
      });
      layout[axisName("y", i)] = axis(scene, {
        domain: down[i],
        anchor: axisId("x", i),
        range: [-0.5, layers.length - 0.5],
        tickvals: labelled,
        showgrid: false,
        ticks: "",
        ticktext: labelled.map((row) => layers[row]).map((name) => layerLabel(scene, name)),
        fixedrange: true,
        tickfont: { size: 10, color: scene.theme.ink },
      });
    });
    const data = drifts.map((rows, i) => ({
      type: "heatmap",
      uid: `shift${i}`,
      xaxis: axisId("x", i),
      yaxis: axisId("y", i),
      y: layers.map((_, row) => row),
      coloraxis: "coloraxis",
      ...(settled ? cells(scene, rows) : { x: [0, 1], z: layers.map(() => [0, 0]) }),
      zsmooth: false,
      hoverongaps: false,
      meta: layers,
      hovertemplate:
        `${escapeText(named(scene.header.networks[i].name, scene.t))}<br>${atStep(scene.t)}<br>` +
        `%{text}<br>${escapeText(quantityName(scene))}<extra></extra>`,
    }));
    return { data, layout };
  },
  rasters(scene) {
    const words = wordsOf(glow(scene.theme.name));
    const top = scaleTop(scene);
    return driftsOf(scene).flatMap((rows, i) => {
      const first = rows.find((drift) => drift !== null);
      if (!first) return [];
      return [
        {
          stream: first.stream,
          axes: axisId("x", i) + axisId("y", i),
          paint(slot, out, y, ratio) {
            const height = out.length;
            for (let row = 0; row < rows.length; row++) {
              const value = rows[row]?.at(slot) ?? NaN;
              const color = Number.isFinite(value)
                ? words[Math.min(255, Math.max(0, Math.round((255 * warped(value)) / warped(top))))]
                : 0;
              const from = Math.round((y.slope * (row + 0.5) + y.intercept) * ratio);
              const to = Math.round((y.slope * (row - 0.5) + y.intercept) * ratio);
              out.fill(color, Math.max(0, from), Math.min(height, to));
            }
          },
        },
      ];
    });
  },
  summary: (scene) =>
    driftsOf(scene)
      .map((rows, i) => {
        const now = rows
          .map((drift, row) => {
            if (!drift) return { row, value: NaN };
            const stream = scene.history.stream(drift.stream);
            return { row, value: stream.count ? drift.at(stream.slotAt(scene.look.step)) : NaN };
          })
          .filter((one) => Number.isFinite(one.value))
          .sort((a, b) => b.value - a.value)[0];
        const network = named(scene.header.networks[i].name, scene.t);
        return now
          ? scene.t("shift.summary", {
              network,
              layer: named(scene.places.layers[now.row], scene.t),
              drift: driftText(scene, driftShown(scene), now.value),
              quantity: quantityName(scene),
            })
          : network;
      })
      .join("; "),
  table(scene) {
    /** @type {(string | number)[][]} */
    const table = [["network", "layer", "step", quantityName(scene)]];
    for (const [i, rows] of driftsOf(scene).entries()) {
      for (const [row, drift] of rows.entries()) {
        if (!drift) continue;
        const stream = scene.history.stream(drift.stream);
        for (let position = 0; position < stream.count; position++) {
          const slot = stream.order[position];
          table.push([scene.header.networks[i].name, scene.places.layers[row], stream.steps[slot], drift.at(slot)]);
        }
      }
    }
    return table;
  },
  pick: (_scene, point) => ({ step: point.x, layer: point.data.meta[point.y] ?? null }),
};
