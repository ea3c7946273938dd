/** What batch norm learned: how gamma and beta spread over the channels of the layer in focus. */

import { css, word } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { brief } from "../app/numbers.js";
import { networksOf, outermost, panelsOf, percentiles, sortedChannels } from "./affine-channels.js";
import { affineFigure, BAND_ALPHAS, channelName } from "./affine-figure.js";
import { colorsOf, commonKey } from "./common.js";
import { focusLayer, shownSlot } from "./focus.js";
import { leftOut, points } from "./line-points.js";
import { runAxisKey } from "./run-axis.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").View} View */
/** @typedef {import("./affine-channels.js").Panel} Panel */
/**
 * @typedef {import("../types").Series & {column: number, row: number, channel: number, network: string}} ChannelLine
 */

const LOWEST_DASH = [5, 3];
/** Half the height of the line of medians, in CSS pixels. */
const MIDDLE = 1;

/** @param {Scene} scene @param {Panel} panel @param {number} channel @returns {ChannelLine} */
function lineOf(scene, { entry, index, column, row, axes }, channel) {
  const chosen = scene.selection.unit === channel;
  return {
    stream: entry.stream,
    offset: entry.offset + channel,
    axes,
    column,
    row,
    channel,
    many: true,
    network: entry.network,
    name: channelName(scene, entry.quantity, channel),
    width: chosen ? 2.6 : 1.3,
    color: css(colorsOf(scene)[index]),
  };
}

/** The outermost channels of each panel, and the unit in focus. @param {Scene} scene @returns {ChannelLine[]} */
function linesOf(scene) {
  const { unit } = scene.selection;
  return panelsOf(scene).flatMap((panel) => {
    const found = outermost(scene, panel);
    const lines = found
      ? [lineOf(scene, panel, found.highest), { ...lineOf(scene, panel, found.lowest), dash: LOWEST_DASH }]
      : [];
    const drawn = unit === null || unit >= panel.entry.size || lines.some(({ channel }) => channel === unit);
    return drawn ? lines : [...lines, { ...lineOf(scene, panel, unit), color: scene.theme.ink }];
  });
}

/**
 * The bands over the channels, one column of pixels a frame.
 * @param {Scene} scene @param {Panel} panel @returns {import("../types").Raster}
 */
function rasterOf(scene, { entry, index, axes }) {
  const stream = scene.history.stream(entry.stream);
  const rgb = colorsOf(scene)[index];
  const [outer, inner, middle] = [BAND_ALPHAS.outer, BAND_ALPHAS.inner + BAND_ALPHAS.outer, BAND_ALPHAS.middle].map(
    (alpha) => word(rgb, Math.round(255 * alpha)),
  );
  return {
    stream: entry.stream,
    axes,
    paint(slot, out, y, ratio) {
      out.fill(0);
      const row = stream.row(slot);
      if (!row) return;
      const pixels = percentiles(sortedChannels(entry, row)).map((value) => (y.slope * value + y.intercept) * ratio);
      if (pixels.some(Number.isNaN)) return;
      const fill = (/** @type {number} */ low, /** @type {number} */ high, /** @type {number} */ color) =>
        out.fill(color, Math.max(0, Math.round(high)), Math.max(0, Math.round(low)));
      fill(pixels[0], pixels[4], outer);
      fill(pixels[1], pixels[3], inner);
      fill(pixels[2] + MIDDLE * ratio, pixels[2] - MIDDLE * ratio, middle);
    },
  };
}

/** The middle and the outermost channels of a vector in words. @param {Scene} scene @param {Panel} panel */
function wordsOf(scene, panel) {
  const { entry } = panel;
  const row = scene.history.stream(entry.stream).row(shownSlot(scene, entry.stream));
  const found = outermost(scene, panel);
  const at = (/** @type {number | undefined} */ channel) =>
    row && channel !== undefined ? brief(row[entry.offset + channel]) : brief(NaN);
  return scene.t("affine.summary", {
    network: named(entry.network, scene.t),
    layer: named(focusLayer(scene), scene.t),
    quantity: scene.t(`quantity.${entry.quantity}`),
    middle: brief(row ? percentiles(sortedChannels(entry, row))[2] : NaN),
    highest: found?.highest ?? "–",
    high: at(found?.highest),
    lowest: found?.lowest ?? "–",
    low: at(found?.lowest),
  });
}

/**
 * The channels that have lines of their own, by name.
 * @param {Scene} scene @returns {import("../types").LegendItem[]}
 */
function outermostLegend(scene) {
  const colors = networksOf(scene).map(({ index }) => css(colorsOf(scene)[index]));
  const names = (/** @type {"highest" | "lowest"} */ which) =>
    networksOf(scene)
      .map((_, column) =>
        panelsOf(scene)
          .filter((panel) => panel.column === column)
          .flatMap((panel) => {
            const found = outermost(scene, panel);
            return found ? [channelName(scene, panel.entry.quantity, found[which])] : [];
          })
          .join(", "),
      )
      .filter(Boolean)
      .join(" · ");
  if (!names("highest")) return [];
  return [
    { text: scene.t("affine.highest", { channels: names("highest") }), colors, width: 1.3 },
    { text: scene.t("affine.lowest", { channels: names("lowest") }), colors, width: 1.3, pattern: LOWEST_DASH },
  ];
}

/** All channels as they were recorded. @param {Scene} scene */
function tableOf(scene) {
  /** @type {(string | number)[][]} */
  const table = [["network", "line", "quantity", "step", "value"]];
  for (const panel of panelsOf(scene)) {
    const { entry } = panel;
    for (let channel = 0; channel < entry.size; channel++) {
      const line = lineOf(scene, panel, channel);
      const { x, values } = points(scene, line);
      for (const [i, step] of x.entries()) table.push([line.network, line.name, entry.quantity, step, values[i]]);
    }
  }
  return table;
}

/** @type {View} */
export const affine = {
  id: "affine",
  fits: true,
  legend: (scene) => {
    const colors = networksOf(scene).map(({ index }) => colorsOf(scene)[index]);
    const of = (/** @type {number} */ alpha) => colors.map((rgb) => css(rgb, alpha));
    return [
      { text: scene.t("affine.middle"), colors: of(BAND_ALPHAS.middle), width: 2 },
      { text: scene.t("affine.half"), colors: of(BAND_ALPHAS.inner + BAND_ALPHAS.outer), width: 9, dash: "field" },
      { text: scene.t("affine.most"), colors: of(BAND_ALPHAS.outer), width: 9, dash: "field" },
      ...outermostLegend(scene),
    ];
  },
  streams: (scene) => [...new Set(panelsOf(scene).map(({ entry }) => entry.stream))],
  available: (scene) => panelsOf(scene).length > 0,
  key: (scene) =>
    [
      commonKey(scene),
      runAxisKey(scene),
      focusLayer(scene),
      scene.selection.unit,
      ...panelsOf(scene).map((panel) => Object.values(outermost(scene, panel) ?? {})),
    ].join("|"),
  figure: (scene, settled = true) => affineFigure(scene, linesOf(scene), settled),
  series: linesOf,
  rasters: (scene) => panelsOf(scene).map((panel) => rasterOf(scene, panel)),
  summary: (scene) =>
    panelsOf(scene)
      .map((panel) => wordsOf(scene, panel))
      .join("; "),
  table: tableOf,
  leftOut: (scene) => Math.max(0, ...panelsOf(scene).map((panel) => leftOut(scene, lineOf(scene, panel, 0)))),
  pick: (_scene, point) => ({
    step: point.x,
    ...(Number.isInteger(point.data.meta) ? { unit: point.data.meta } : {}),
  }),
};
