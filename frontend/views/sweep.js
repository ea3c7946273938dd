/**
 * The runs of a trial side by side: one small panel a planned run, each network's curve in it, seeds over each other.
 */

import { css, dashOf, networkColors } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { brief, robustRange } from "../app/numbers.js";
import { atStep, axis, axisId, axisName, dashStyle, escapeText, heading, layoutOf, split } from "./common.js";
import { ownChoice } from "./controls.js";

/** @typedef {import("../types").TrialScene} TrialScene */
/** @typedef {import("../types").Panel} Panel */
/** @typedef {ReturnType<typeof linesOf>[number]} Line */

const ORDER = ["test_accuracy", "test_loss", "train_accuracy", "train_loss", "loss", "accuracy"];
const LOG_FROM = 30;

/** The quantities that can be compared, the most telling first. @param {Panel[]} panels */
export function quantitiesOf(panels) {
  const found = new Set(
    panels
      .flatMap(({ readings }) => readings.flatMap(({ curves }) => curves))
      .filter(({ values }) => values.some(Number.isFinite))
      .map(({ quantity }) => quantity),
  );
  return ORDER.filter((quantity) => found.has(quantity));
}

/** The quantity to compare. @param {TrialScene} scene */
const quantityChoice = (scene) =>
  ownChoice(
    scene,
    "quantity",
    scene.t("sweep.quantity"),
    quantitiesOf(scene.panels).map((value) => ({ value, text: scene.t(`quantity.${value}`) })),
  );

/** @param {TrialScene} scene @returns {string} */
const shown = (scene) => quantityChoice(scene).value || "test_accuracy";

/** @param {TrialScene} scene */
const networksOf = (scene) => scene.panels.flatMap((panel) => panel.readings)[0]?.networks ?? [];

/** @param {TrialScene} scene */
function linesOf(scene) {
  const networks = networksOf(scene);
  const colors = networkColors(networks, scene.theme.name);
  const styleOf = (/** @type {number} */ index) => ({
    color: css(colors[index] ?? [128, 128, 128]),
    dash: dashOf(Math.max(0, index)),
  });
  return scene.panels.flatMap((panel, at) =>
    panel.readings.flatMap((reading, seed) =>
      reading.curves
        .filter((curve) => curve.quantity === shown(scene))
        .map((curve) => ({
          ...curve,
          panel,
          at,
          seed,
          ...styleOf(networks.findIndex((one) => one.name === curve.network)),
        })),
    ),
  );
}

/** Where the panels stand. @param {number} count @param {boolean} narrow */
function grid(count, narrow) {
  const columns = Math.min(count, narrow ? 2 : count > 5 ? 4 : count);
  const rows = Math.ceil(count / columns);
  return { columns, rows, across: split(columns, narrow ? 0.08 : 0.035), down: split(rows, 0.3 / rows).reverse() };
}

/** The axis of values, all runs on one. @param {{values: number[]}[]} lines @param {boolean} isShare */
export function valueAxis(lines, isShare) {
  const values = lines.flatMap((line) => line.values);
  const positive = values.filter((value) => value > 0 && Number.isFinite(value));
  const log = !isShare && positive.length > 1 && Math.max(...positive) / Math.min(...positive) > LOG_FROM;
  return {
    ...(log ? { type: "log", dtick: 1 } : { nticks: 5 }),
    range: robustRange(values, { log }),
    ...(isShare ? { tickformat: ".0%" } : {}),
  };
}

/** @param {TrialScene} scene @param {Line} line @param {number} i */
function traceOf({ t }, line, i) {
  const isShare = line.quantity.endsWith("accuracy");
  return {
    type: "scatter",
    mode: line.steps.length < 3 ? "lines+markers" : "lines",
    uid: `line-${i}`,
    xaxis: axisId("x", line.at),
    yaxis: axisId("y", line.at),
    x: line.steps,
    y: line.values.map((value) => (Number.isFinite(value) ? value : null)),
    line: { color: line.color, width: line.seed === 0 ? 1.9 : 1, ...dashStyle(line) },
    opacity: line.seed === 0 ? 1 : 0.65,
    name: escapeText(named(line.network, t)),
    hovertemplate:
      `<b>${escapeText(named(line.network, t))}</b> · ${escapeText(named(line.panel.label, t))}<br>` +
      `${atStep(t)}: <b>%{y:${isShare ? ".1%" : ".4g"}}</b><extra></extra>`,
  };
}

/** @param {TrialScene} scene @returns {import("../types").Figure} */
function figure(scene) {
  const { panels, t } = scene;
  const lines = linesOf(scene);
  const { columns, across, down } = grid(panels.length, scene.narrow);
  /** @type {Record<string, any>} */
  const layout = layoutOf(scene, {
    margin: { l: 46, r: 12, t: 24, b: 36 },
    annotations: panels.map((panel, at) =>
      heading(scene, panel.label, scene.theme.ink, across[at % columns], { y: down[Math.floor(at / columns)][1] }),
    ),
  });
  const range = valueAxis(lines, shown(scene).endsWith("accuracy"));
  panels.forEach((_panel, at) => {
    const column = at % columns;
    const last = Math.max(1, ...lines.filter((line) => line.at === at).map((line) => line.steps.at(-1) ?? 1));
    layout[axisName("x", at)] = axis(scene, {
      domain: across[column],
      anchor: axisId("y", at),
      range: [0, last],
      showgrid: false,
      nticks: scene.narrow ? 3 : 4,
      tickformat: "~s",
      title: { text: at + columns >= panels.length ? t("axis.step") : "", standoff: 3, font: { size: 11 } },
    });
    layout[axisName("y", at)] = axis(scene, {
      domain: down[Math.floor(at / columns)],
      anchor: axisId("x", at),
      showticklabels: column === 0,
      ...range,
    });
  });
  return { data: lines.map((line, i) => traceOf(scene, line, i)), layout };
}

/** The last value of each line, as words. @param {TrialScene} scene */
function summary(scene) {
  const isShare = shown(scene).endsWith("accuracy");
  return linesOf(scene)
    .map((line) => {
      const last = line.values.at(-1) ?? NaN;
      return scene.t("sweep.summary", {
        label: named(line.panel.label, scene.t),
        network: named(line.network, scene.t),
        quantity: scene.t(`quantity.${shown(scene)}`),
        value: isShare ? scene.t("percent", { value: brief(100 * last) }) : brief(last),
      });
    })
    .join("; ");
}

/** @type {import("../types").View} */
export const sweep = {
  id: "sweep",
  choices: ["quantity"],
  controls: (/** @type {any} */ scene) => [quantityChoice(scene)],
  legend: (/** @type {any} */ scene) => {
    const networks = networksOf(scene);
    return networkColors(networks, scene.theme.name).map((color, i) => ({
      text: named(networks[i].name, scene.t),
      colors: [css(color)],
      pattern: dashOf(i),
    }));
  },
  panelRows: (/** @type {any} */ scene) => grid(scene.panels.length, scene.narrow).rows,
  streams: () => [],
  available: () => true,
  key: (/** @type {any} */ scene) =>
    [scene.run.id, scene.theme.name, scene.narrow, scene.t("locale"), shown(scene), linesOf(scene).length].join("|"),
  figure: (/** @type {any} */ scene) => figure(scene),
  summary: (/** @type {any} */ scene) => summary(scene),
  table: (/** @type {any} */ scene) => [
    ["run", "seed", "network", "step", shown(scene)],
    ...linesOf(scene).flatMap((line) =>
      line.steps.map((step, i) => [line.panel.label, line.seed, line.network, step, line.values[i]]),
    ),
  ],
};
