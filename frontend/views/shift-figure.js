/** The shift map as Plotly draws it. */

import { colorStops, css, glow } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { spread } from "../app/numbers.js";
import {
  atStep,
  axis,
  axisId,
  axisName,
  colorsOf,
  describedLayer,
  escapeText,
  heading,
  layerLabel,
  layerRoom,
  layoutOf,
  split,
  stepAxis,
  stepTitle,
} from "./common.js";
import { driftShown, driftText } from "./drift.js";
import { driftsOf, isExceeded, quantityName, scaleTicks, scaleTop, warped } from "./shift-scale.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("./drift.js").Drift} Drift */

/** About as many as there are pixels. */
const SETTLED_COLUMNS = 800;
/** Names that have room in all panels together. */
const MOST_NAMES = 12;
const MOST_NARROW_NAMES = 8;
/** Rows this thick take the names of two that lie beside each other. */
const THICK = 2;
/** Hangul and Han fill the height of their line: more of them have room in smaller letters alone. */
const NAME_SIZE = { tall: 9, usual: 10 };
const TALL = /[\u1100-\u11ff\u2e80-\ud7af]/;

/**
 * The rows whose layer is named: all where there is room, else some; always the output and the layer in focus.
 * @param {Scene} scene
 */
function labelledRows({ layoutIndex, header, selection, narrow }) {
  const { layers } = layoutIndex;
  const most = Math.max(2, Math.floor((narrow ? MOST_NARROW_NAMES : MOST_NAMES) / header.networks.length));
  const every = Math.ceil(layers.length / most);
  const last = layers.length - 1;
  const focus = layers.indexOf(selection.layer ?? "");
  const clear = (/** @type {number} */ row) =>
    focus < 0 || Math.abs(row - focus) > every / 2 || (row === last && every <= THICK && !narrow);
  return layers.map((_, row) => row).filter((row) => row === focus || ((last - row) % every === 0 && clear(row)));
}

/** @param {Scene} scene */
const nameSize = ({ layoutIndex, t }) =>
  layoutIndex.layers.some((name) => TALL.test(named(name, t))) ? NAME_SIZE.tall : NAME_SIZE.usual;

/** @param {Scene} scene */
function colorAxis(scene) {
  const top = scaleTop(scene);
  return {
    colorscale: colorStops(glow(scene.theme.name)),
    cmin: 0,
    cmax: warped(top),
    colorbar: {
      thickness: 9,
      outlinewidth: 0,
      len: 1,
      y: 0.5,
      x: 1.005,
      tickfont: { size: 10 },
      ...scaleTicks(top, isExceeded(scene, top)),
      title: { text: escapeText(quantityName(scene)), side: "right", font: { size: 10.5 } },
    },
  };
}

/** @param {Scene} scene */
function layoutFor(scene) {
  const { networks } = scene.header;
  const { layers } = scene.layoutIndex;
  const colors = colorsOf(scene);
  const down = split(networks.length, networks.length > 2 ? 0.1 : 0.13).reverse();
  const labelled = labelledRows(scene);
  /** @type {Record<string, any>} */
  const layout = layoutOf(scene, {
    margin: { l: layerRoom(scene), r: 66, t: 24, b: 36 },
    annotations: networks.map((network, i) => heading(scene, network.name, css(colors[i]), [0, 1], { y: down[i][1] })),
    coloraxis: colorAxis(scene),
  });
  networks.forEach((_, i) => {
    const last = i === networks.length - 1;
    layout[axisName("x", i)] = stepAxis(scene, {
      anchor: axisId("y", i),
      showticklabels: last,
      title: stepTitle(scene, last),
    });
    layout[axisName("y", i)] = axis(scene, {
      domain: down[i],
      anchor: axisId("x", i),
      range: [-0.5, layers.length - 0.5],
      tickvals: labelled,
      showgrid: false,
      ticks: "",
      ticktext: labelled.map((row) => layerLabel(scene, layers[row])),
      fixedrange: true,
      tickfont: { size: nameSize(scene), color: scene.theme.ink },
    });
  });
  return layout;
}

/** Cells of a settled heatmap, and the words of each. @param {Scene} scene @param {(Drift | null)[]} rows */
function cells(scene, rows) {
  const first = rows.find((one) => one !== null);
  if (!first) return { x: [], z: rows.map(() => []) };
  const stream = scene.history.stream(first.stream);
  const slots = spread(stream.count, SETTLED_COLUMNS).map((position) => stream.order[position]);
  const quantity = driftShown(scene);
  const words = (/** @type {Drift | null} */ row, /** @type {string} */ layer, /** @type {number} */ slot) =>
    row ? `${layer}: <b>${driftText(scene, quantity, row.at(slot))}</b>` : "";
  return {
    x: slots.map((slot) => stream.steps[slot]),
    z: rows.map((row) => slots.map((slot) => (row ? warped(row.at(slot)) : NaN))),
    text: rows.map((row, i) => {
      const layer = escapeText(describedLayer(scene, scene.layoutIndex.layers[i]));
      return slots.map((slot) => words(row, layer, slot));
    }),
  };
}

/** @param {Scene} scene @param {boolean} [settled] @returns {import("../types").Figure} */
export function shiftFigure(scene, settled = true) {
  const { layers } = scene.layoutIndex;
  const data = driftsOf(scene).map((rows, i) => ({
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
  return { data, layout: layoutFor(scene) };
}
