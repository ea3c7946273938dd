/** Under the microscope: one layer with batch norm, one batch, the stages that it passes side by side. */

import { css } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { brief, quantile, spread } from "../app/numbers.js";
import { axis, axisId, axisName, colorsOf, commonKey, escapeText, heading, layoutOf, split } from "./common.js";
import { layerChoice, ownChoice, unitField } from "./controls.js";
import { distributionAt, momentsOf, standing } from "./distribution.js";
import { focusLayer, shownSlot } from "./focus.js";
import { equationsOf } from "./microscope-equations.js";
import { candidates, normalizesAfter, stageText, subject } from "./microscope-subject.js";
import { densityPeak, outline } from "./ridge-shapes.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").View} View */
/** @typedef {import("./distribution.js").Distribution} Distribution */
/** @typedef {{site: string, distribution: Distribution}} Stage */

const RANGE_SAMPLES = 24;
const SITES = ["linear_output", "normalized", "pre_activation", "output"];
/** Where the normalization stands after the activation, what it is given is the activation of z. */
const SITES_AFTER = ["pre_activation", "normalized", "output"];

/** @type {WeakMap<import("../stream/layout-index.js").LayoutIndex, {what: string, stages: Stage[]}>} */
const known = new WeakMap();

/**
 * The stages that were measured, in the order in which a value passes them.
 * @param {Scene} scene
 * @returns {Stage[]}
 */
function stagesOf(scene) {
  const what = `${scene.selection.choices.network}|${scene.selection.layer}`;
  let found = known.get(scene.layoutIndex);
  if (found?.what !== what) {
    found = { what, stages: findStages(scene) };
    known.set(scene.layoutIndex, found);
  }
  return found.stages;
}

/** @param {Scene} scene @returns {Stage[]} */
function findStages(scene) {
  const found = subject(scene);
  if (!found) return [];
  return (normalizesAfter(scene) ? SITES_AFTER : SITES).flatMap((site) => {
    const distribution = distributionAt(scene, found.network.name, focusLayer(scene), 0, [site]);
    return distribution ? [{ site, distribution }] : [];
  });
}

/**
 * Ends of a stage's axis: what nearly all steps so far have needed, in steps of a power of two. The axis stays while
 * one goes from step to step, so that the shape is seen to move.
 * @param {Scene} scene @param {Stage} stage @returns {[number, number]}
 */
function rangeOf(scene, { distribution }) {
  const stream = scene.history.stream(distribution.stream);
  const spans = spread(stream.count, RANGE_SAMPLES)
    .map((position) => stream.row(stream.order[position]))
    .filter((row) => row !== null)
    .map((row) => standing(distribution, row))
    .filter(({ mean, std }) => Number.isFinite(mean) && Number.isFinite(std));
  if (spans.length === 0) return [-1, 1];
  const low = quantile(
    spans.map(({ mean, std }) => mean - 3.2 * std).sort((a, b) => a - b),
    0.1,
  );
  const high = quantile(
    spans.map(({ mean, std }) => mean + 3.2 * std).sort((a, b) => a - b),
    0.9,
  );
  const step = 2 ** Math.ceil(Math.log2(Math.max(high - low, 1e-4) / 6));
  return [Math.floor(low / step) * step, Math.ceil(high / step) * step];
}

/** @param {Scene} scene @param {Stage} stage */
function shapeOf(scene, { distribution }) {
  const x = new Float64Array(distribution.histogram.size + 2);
  const y = new Float64Array(distribution.histogram.size + 2);
  const row = scene.history.stream(distribution.stream).row(shownSlot(scene, distribution.stream));
  const ridge = { ...distribution, column: 0, row: 0 };
  // Its own peak is the measure of the height: what counts here is the shape and where it stands.
  if (row) outline(ridge, { center: 0, unit: 1, peak: densityPeak(ridge, row) }, row, x, y);
  return { x, y };
}

/** The network under the microscope. @param {Scene} scene @returns {import("../types").Control} */
const networkChoice = (scene) => ({
  ...ownChoice(
    scene,
    "network",
    scene.t("network"),
    candidates(scene).map(({ network }) => ({ value: network.name, text: named(network.name, scene.t) })),
  ),
  value: subject(scene)?.network.name ?? "",
  change: (value) => ({ type: "choose", name: "network", value }),
});

/** @type {View} */
export const microscope = {
  id: "microscope",
  size: "wide",
  choices: ["network"],
  controls: (scene) => [networkChoice(scene), layerChoice(scene), unitField(scene, subject(scene)?.layer?.features)],
  equations: equationsOf,
  streams: (scene) => [...new Set(stagesOf(scene).map(({ distribution }) => distribution.stream))],
  available: (scene) => stagesOf(scene).length > 1,
  key: (scene) =>
    [
      commonKey(scene),
      focusLayer(scene),
      subject(scene)?.network.name,
      ...stagesOf(scene).flatMap((stage) => rangeOf(scene, stage)),
    ].join("|"),
  figure(scene) {
    const stages = stagesOf(scene);
    const found = subject(scene);
    const color = colorsOf(scene)[found?.index ?? 0];
    const across = split(Math.max(1, stages.length), 0.04);
    /** @type {Record<string, any>} */
    const layout = layoutOf(scene, {
      margin: { l: 12, r: 12, t: 24, b: 24 },
      annotations: stages.map(({ site }, i) =>
        heading(scene, stageText(scene, site, scene.narrow), scene.theme.ink, across[i], {
          font: { size: scene.narrow ? 10 : 11.5, color: scene.theme.ink },
        }),
      ),
      yaxis: axis(scene, { range: [0, 1], showticklabels: false, ticks: "", showgrid: false, fixedrange: true }),
    });
    stages.forEach((stage, i) => {
      layout[axisName("x", i)] = axis(scene, {
        domain: across[i],
        range: rangeOf(scene, stage),
        anchor: "y",
        zeroline: true,
        nticks: 5,
        tickangle: 0,
      });
    });
    const data = stages.map((stage, i) => {
      const { x, y } = shapeOf(scene, stage);
      return {
        type: "scatter",
        mode: "lines",
        uid: `stage-${stage.site}`,
        xaxis: axisId("x", i),
        yaxis: "y",
        x,
        y,
        fill: "toself",
        hoveron: "points",
        fillcolor: css(color, 0.25 + (0.5 * i) / Math.max(1, stages.length - 1)),
        line: { color: css(color), width: 1.5, simplify: false },
        hovertemplate: `${escapeText(stageText(scene, stage.site))}: %{x:.3g}<extra></extra>`,
      };
    });
    return { data, layout };
  },
  shapes: (scene) => stagesOf(scene).map((stage, trace) => ({ trace, ...shapeOf(scene, stage) })),
  summary: (scene) =>
    stagesOf(scene)
      .map(({ site, distribution }) => {
        const row = scene.history.stream(distribution.stream).row(shownSlot(scene, distribution.stream));
        const { mean, std } = row ? momentsOf(distribution, row) : { mean: NaN, std: NaN };
        return scene.t("microscope.summary", { stage: stageText(scene, site), mean: brief(mean), std: brief(std) });
      })
      .join("; "),
  table(scene) {
    /** @type {(string | number)[][]} */
    const table = [["network", "layer", "stage", "lower_edge", "upper_edge", "fraction"]];
    for (const { site, distribution } of stagesOf(scene)) {
      const row = scene.history.stream(distribution.stream).row(shownSlot(scene, distribution.stream));
      if (!row) continue;
      const low = row[distribution.range.offset];
      const width = (row[distribution.range.offset + 1] - low) / distribution.histogram.size;
      for (let bin = 0; bin < distribution.histogram.size; bin++) {
        table.push([
          distribution.network,
          distribution.layer,
          site,
          low + bin * width,
          low + (bin + 1) * width,
          row[distribution.histogram.offset + bin],
        ]);
      }
    }
    return table;
  },
};
