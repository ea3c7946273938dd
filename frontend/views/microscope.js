/** Under the microscope: one layer with batch norm, one batch, the stages that it passes. */

import { css } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { brief } from "../app/numbers.js";
import { colorsOf, commonKey } from "./common.js";
import { layerChoice, ownChoice, unitField } from "./controls.js";
import { distributionAt, momentsOf } from "./distribution.js";
import { focusLayer, shownSlot } from "./focus.js";
import { followedStreams, sampleOf } from "./followed.js";
import { equationsOf } from "./microscope-equations.js";
import { hasUnit, microscopeFigure, rangeOf, shapesOf } from "./microscope-figure.js";
import { sampleWay } from "./microscope-sample.js";
import { candidates, normalizesAfter, normalizesBefore, stageText, subject, unitOf } from "./microscope-subject.js";
import { wayOf } from "./sample-way.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").View} View */
/** @typedef {import("./microscope-figure.js").Stage} Stage */

const SITES = ["linear_output", "normalized", "pre_activation", "output"];
/** Where the unit's own numbers say what it is there. */
const UNIT_SITES = ["linear_output", "normalized"];
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
  // Where the values of all units were not recorded at a stage, those of one unit are known all the same.
  const alone = normalizesBefore(scene) ? UNIT_SITES : [];
  return (normalizesAfter(scene) ? SITES_AFTER : SITES).flatMap((site) => {
    const distribution = distributionAt(scene, found.network.name, focusLayer(scene), 0, [site]);
    return distribution || alone.includes(site) ? [{ site, distribution }] : [];
  });
}

/** The stages whose values were recorded. @param {Scene} scene */
const measuredStages = (scene) =>
  stagesOf(scene).flatMap(({ site, distribution }) => (distribution ? [{ site, distribution }] : []));

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

/** What the shapes are, and which unit stands among them, and why it. @param {Scene} scene */
function legendOf(scene) {
  const color = css(colorsOf(scene)[subject(scene)?.index ?? 0], 0.35);
  const stages = stagesOf(scene);
  const shown = hasUnit(scene, stages);
  const way = sampleWay(scene);
  const unit = { text: scene.t("microscope.unit", { unit: unitOf(scene) }), colors: [scene.theme.ink] };
  return [
    { text: scene.t("microscope.all"), colors: [color], width: 9, dash: /** @type {const} */ ("field") },
    ...(shown ? [unit] : []),
    ...(way === null ? [] : [{ text: way, colors: [scene.theme.reference], width: 2.5 }]),
    ...(way === null && shown && scene.selection.unit === null ? [{ text: scene.t("microscope.why") }] : []),
    ...(stages.some(({ distribution }) => !distribution) ? [{ text: unmeasured(scene) }] : []),
  ];
}

/** What a run has to record for the shapes that are missing. @param {Scene} scene */
const unmeasured = ({ t, run }) => t(run.source === "worker" ? "microscope.unmeasured" : "microscope.unmeasured.own");

/** @type {View} */
export const microscope = {
  id: "microscope",
  size: "deep",
  choices: ["network"],
  controls: (scene) => [
    networkChoice(scene),
    layerChoice(scene),
    { ...unitField(scene, subject(scene)?.layer?.features), value: String(unitOf(scene)) },
  ],
  legend: legendOf,
  equations: equationsOf,
  way: wayOf,
  streams: (scene) => [
    ...new Set([...measuredStages(scene).map(({ distribution }) => distribution.stream), ...followedStreams(scene)]),
  ],
  available: (scene) => stagesOf(scene).length > 1,
  key: (scene) =>
    [
      commonKey(scene),
      focusLayer(scene),
      subject(scene)?.network.name,
      unitOf(scene),
      sampleOf(scene),
      ...rangeOf(scene, stagesOf(scene)),
    ].join("|"),
  figure: (scene) => microscopeFigure(scene, stagesOf(scene)),
  shapes: (scene) => shapesOf(scene, stagesOf(scene)),
  summary: (scene) =>
    measuredStages(scene)
      .map(({ site, distribution }) => {
        const row = scene.history.stream(distribution.stream).row(shownSlot(scene, distribution.stream));
        const { mean, std } = row ? momentsOf(distribution, row) : { mean: NaN, std: NaN };
        return scene.t("microscope.summary", { stage: stageText(scene, site), mean: brief(mean), std: brief(std) });
      })
      .join("; "),
  table(scene) {
    /** @type {(string | number)[][]} */
    const table = [["network", "layer", "stage", "lower_edge", "upper_edge", "fraction"]];
    for (const { site, distribution } of measuredStages(scene)) {
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
