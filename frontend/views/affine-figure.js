/** Gamma and beta as Plotly draws them: a column a network, bands over the channels and the outermost of them. */

import { css } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { robustRange } from "../app/numbers.js";
import { networksOf, panelsOf, percentiles, QUANTITIES, sortedChannels, spreadSlots } from "./affine-channels.js";
import {
  atStep,
  axis,
  axisId,
  axisName,
  colorsOf,
  escapeText,
  heading,
  layoutOf,
  split,
  stepAxis,
  stepTitle,
} from "./common.js";
import { focusLayer } from "./focus.js";
import { points } from "./line-points.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("./affine-channels.js").Panel} Panel */
/** @typedef {import("./affine.js").ChannelLine} ChannelLine */

const MOST_POINTS = 1500;
const SETTLED_STEPS = 200;
const SAMPLED = 48;
/** What each begins with. */
const INITIAL = [1, 0];
export const BAND_ALPHAS = { outer: 0.16, inner: 0.3, middle: 0.85 };

/** @param {Scene} scene @param {Panel[]} panels @param {number} row @returns {[number, number]} */
function rangeOf(scene, panels, row) {
  const values = panels
    .filter((panel) => panel.row === row)
    .flatMap(({ entry }) => {
      const stream = scene.history.stream(entry.stream);
      return spreadSlots(scene, entry.stream, SAMPLED).flatMap((slot) => {
        const sorted = sortedChannels(entry, /** @type {Float32Array} */ (stream.row(slot)));
        return [sorted[0], sorted[sorted.length - 1]];
      });
    });
  return robustRange([...values, INITIAL[row]]);
}

/** A channel's name. @param {Scene} scene @param {string} quantity @param {number} channel */
export const channelName = (scene, quantity, channel) => `${scene.t(`quantity.${quantity}`)}[${channel}]`;

/** Where all channels begin. @param {Scene} scene @param {Panel} panel */
const initialLine = (scene, { row, column }) => ({
  type: "line",
  layer: "below",
  xref: `${axisId("x", column)} domain`,
  yref: axisId("y", row),
  x0: 0,
  x1: 1,
  y0: INITIAL[row],
  y1: INITIAL[row],
  line: { color: scene.theme.muted, width: 1, dash: "dot" },
});

const SHORT_NAME = 12;

/** @param {Scene} scene @param {Panel[]} panels */
function layoutFor(scene, panels) {
  const networks = networksOf(scene);
  const across = split(Math.max(1, networks.length), scene.narrow ? 0.09 : 0.05);
  const down = split(QUANTITIES.length, 0.15).reverse();
  const colors = colorsOf(scene);
  const layer = named(focusLayer(scene), scene.t);
  /** @type {Record<string, any>} */
  const layout = layoutOf(scene, {
    annotations: [
      ...networks.map(({ name, index }, i) =>
        heading(scene, `${named(name, scene.t)} · ${layer}`, css(colors[index]), across[i]),
      ),
      ...QUANTITIES.map((quantity, i) =>
        // Beside a second network's name, or a long one of a layer, there is no room for more than the letter.
        heading(
          scene,
          scene.t(`${networks.length > 1 || layer.length > SHORT_NAME ? "quantity" : "affine"}.${quantity}`),
          scene.theme.muted,
          [1, 1],
          {
            xanchor: "right",
            y: down[i][1],
            font: { size: 11, color: scene.theme.muted },
          },
        ),
      ),
    ],
    shapes: panels.map((panel) => initialLine(scene, panel)),
  });
  networks.forEach((_, i) => {
    layout[axisName("x", i)] = stepAxis(scene, {
      domain: across[i],
      anchor: axisId("y", QUANTITIES.length - 1),
      title: stepTitle(scene, i === 0),
    });
  });
  QUANTITIES.forEach((_, row) => {
    const range = rangeOf(scene, panels, row);
    layout[axisName("y", row)] = axis(scene, { domain: down[row], range, nticks: 5, anchor: "x", fixedrange: true });
  });
  return layout;
}

/** The bands of a panel for Plotly. @param {Scene} scene @param {Panel} panel @param {boolean} settled */
function bandTraces(scene, { entry, index, column, row }, settled) {
  const stream = scene.history.stream(entry.stream);
  const slots = settled ? spreadSlots(scene, entry.stream, SETTLED_STEPS) : [];
  const steps = slots.map((slot) => stream.steps[slot]);
  const columns = slots.map((slot) =>
    percentiles(sortedChannels(entry, /** @type {Float32Array} */ (stream.row(slot)))),
  );
  const rgb = colorsOf(scene)[index];
  const on = { type: "scatter", mode: "lines", xaxis: axisId("x", column), yaxis: axisId("y", row) };
  const band = (/** @type {number} */ low, /** @type {number} */ high, /** @type {number} */ alpha) => ({
    ...on,
    uid: `band-${column}-${row}-${low}`,
    x: [...steps, ...steps.toReversed()],
    y: [...columns.map((one) => one[low]), ...columns.map((one) => one[high]).reverse()],
    fill: "toself",
    fillcolor: css(rgb, alpha),
    line: { width: 0 },
    hoverinfo: "skip",
  });
  const middle = {
    ...on,
    uid: `middle-${column}-${row}`,
    x: steps,
    y: columns.map((one) => one[2]),
    customdata: columns,
    line: { color: css(rgb, BAND_ALPHAS.middle), width: 2, simplify: false },
    hovertemplate:
      `${escapeText(named(entry.network, scene.t))} · ${atStep(scene.t)}<br>` +
      `${scene.t("affine.middle")} ${scene.t(`quantity.${entry.quantity}`)}: <b>%{y:.4g}</b><br>` +
      `25–75%: %{customdata[1]:.4g} … %{customdata[3]:.4g}<br>` +
      `5–95%: %{customdata[0]:.4g} … %{customdata[4]:.4g}<extra></extra>`,
  };
  return [band(0, 4, BAND_ALPHAS.outer), band(1, 3, BAND_ALPHAS.inner), middle];
}

/** @param {Scene} scene @param {ChannelLine} line @param {boolean} settled */
function lineTrace(scene, line, settled) {
  const { x, y } = settled ? points(scene, line, MOST_POINTS) : { x: [], y: [] };
  return {
    type: "scatter",
    mode: "lines",
    uid: `channel-${line.column}-${line.row}-${line.channel}`,
    xaxis: axisId("x", line.column),
    yaxis: axisId("y", line.row),
    x,
    y,
    meta: line.channel,
    line: {
      color: line.color,
      width: line.width,
      simplify: false,
      ...(line.dash ? { dash: line.dash.map((one) => `${one}px`).join() } : {}),
    },
    hovertemplate:
      `${escapeText(named(line.network, scene.t))} · ${escapeText(line.name)}<br>` +
      `${atStep(scene.t)}: <b>%{y:.4g}</b><extra></extra>`,
  };
}

/**
 * @param {Scene} scene @param {ChannelLine[]} lines @param {boolean} settled
 * @returns {import("../types").Figure}
 */
export function affineFigure(scene, lines, settled) {
  const panels = panelsOf(scene);
  return {
    data: [
      ...panels.flatMap((panel) => bandTraces(scene, panel, settled)),
      ...lines.map((line) => lineTrace(scene, line, settled)),
    ],
    layout: layoutFor(scene, panels),
  };
}
