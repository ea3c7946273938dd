/** Time by value: the distribution of the layer in focus over the steps, with percentile bands on it. */

import { css, wordsOf } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { brief } from "../app/numbers.js";
import { axisId, commonKey } from "./common.js";
import { layerChoice } from "./controls.js";
import { densityFigure } from "./density-figure.js";
import { allBands, bands, panels, scaleOf, shareAt, valueRange } from "./density-panels.js";
import { peakOf } from "./distribution.js";
import { focusLayer } from "./focus.js";
import { leftOut, points, valueNow } from "./line-points.js";
import { runAxisKey } from "./run-axis.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").View} View */

/**
 * The cells of panels as they are painted, column by column.
 * @param {Scene} scene
 * @param {import("./density-panels.js").Panel[]} shown
 * @returns {import("../types").Raster[]}
 */
export function fieldRasters(scene, shown) {
  return shown.map(({ distribution, index }, i) => {
    const words = wordsOf(scaleOf(scene, index));
    const stream = scene.history.stream(distribution.stream);
    return {
      stream: distribution.stream,
      axes: `${axisId("x", i)}y`,
      paint(slot, out, y, ratio) {
        const row = stream.row(slot);
        if (!row) return out.fill(0);
        const peak = peakOf(distribution, row);
        if (!(peak > 0)) return out.fill(0);
        for (let pixel = 0; pixel < out.length; pixel++) {
          const share = shareAt(distribution, row, peak, ((pixel + 0.5) / ratio - y.intercept) / y.slope);
          out[pixel] = words[Math.min(255, Math.round(255 * share))];
        }
      },
    };
  });
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
  streams: (scene) => [...new Set(panels(scene).map(({ distribution }) => distribution.stream))],
  available: (scene) => panels(scene).length > 0,
  key: (scene) => [commonKey(scene), scene.span, runAxisKey(scene), focusLayer(scene), ...valueRange(scene)].join("|"),
  figure: densityFigure,
  series: allBands,
  rasters: (scene) => fieldRasters(scene, panels(scene)),
  summary: (scene) =>
    panels(scene)
      .map((panel, i) => {
        const [low, middle, high] = bands(scene, panel, i).map((line) => valueNow(scene, line));
        return scene.t("density.summary", {
          network: named(panel.distribution.network, scene.t),
          layer: named(panel.distribution.layer, scene.t),
          low: brief(low ?? NaN),
          middle: brief(middle ?? NaN),
          high: brief(high ?? NaN),
        });
      })
      .join("; "),
  table(scene) {
    /** @type {(string | number)[][]} */
    const table = [["network", "layer", "percentile", "step", "value"]];
    for (const line of allBands(scene)) {
      const { x, values } = points(scene, line);
      for (const [at, step] of x.entries()) table.push([line.network, focusLayer(scene), line.name, step, values[at]]);
    }
    return table;
  },
  leftOut: (scene) => Math.max(0, ...allBands(scene).map((line) => leftOut(scene, line))),
  pick: (_scene, point) => ({ step: point.x }),
};
