/** Several runs on one pair of axes: a line a run and network, as recorded, or less that of the first run. */

import { css, dashOf, networkColors, shade } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { brief, RunningMean } from "../app/numbers.js";
import { atStep, axis, dashStyle, escapeText, layoutOf } from "./common.js";
import { ownSwitch } from "./controls.js";
import { meanName } from "./line-figure.js";
import { isShare, QUANTITY, quantityChoice, quantityOf, quantityText } from "./overlay-quantity.js";
import { valueAxis } from "./sweep.js";

/** @typedef {import("../types").TrialScene} TrialScene */
/** @typedef {ReturnType<typeof linesOf>[number]} Line */

const AGAINST = "overlay-against";
/** Values of single batches jump: of more than so many, the mean of the last ones is drawn bold. */
const MANY = 200;
const MEAN_OVER = 15;

/** @param {TrialScene} scene */
const againstChoice = (scene) =>
  ownSwitch(scene, AGAINST, scene.t("overlay.against"), [
    { value: "nothing", text: scene.t("overlay.values") },
    { value: "first", text: scene.t("overlay.difference") },
  ]);

/** @param {TrialScene} scene */
const isDifference = (scene) => againstChoice(scene).value === "first";

/** The networks of all runs, each name once. @param {TrialScene} scene */
function networksOf({ panels }) {
  const all = panels.flatMap(({ readings }) => readings.flatMap(({ networks }) => networks));
  return [...new Map(all.map((network) => [network.name, network])).values()];
}

/** @param {number[]} values */
function smoothed(values) {
  const mean = new RunningMean(MEAN_OVER);
  return values.map((value) => mean.next(value));
}

/**
 * The value of a curve at a step, between two of its steps on the straight line; NaN beyond its ends.
 * @param {{steps: number[], values: number[]}} curve @param {number} step
 */
export function valueAt({ steps, values }, step) {
  const after = steps.findIndex((one) => one >= step);
  if (after < 0 || step < steps[0]) return NaN;
  if (steps[after] === step) return values[after];
  const share = (step - steps[after - 1]) / (steps[after] - steps[after - 1]);
  return values[after - 1] + share * (values[after] - values[after - 1]);
}

/** The curves of the chosen quantity, with how each is drawn. @param {TrialScene} scene */
function curvesOf(scene) {
  const networks = networksOf(scene);
  const colors = networkColors(networks, scene.theme.name);
  return scene.panels.flatMap(({ label, readings }, run) =>
    readings.flatMap(({ curves }) =>
      curves
        .filter(({ quantity }) => quantity === quantityOf(scene))
        .map((curve) => {
          // What a script logs may be of no network: of a single one it is all the same.
          const of = networks.length === 1 ? 0 : networks.findIndex(({ name }) => name === curve.network);
          const rgb = shade(colors[of] ?? [128, 128, 128], run, scene.panels.length, scene.theme.name);
          const many = curve.values.length > MANY;
          return { ...curve, run, label, rgb, dash: dashOf(run), many, mean: many ? smoothed(curve.values) : null };
        }),
    ),
  );
}

/**
 * What is drawn: of many values the pale ones and their mean; of differences what both runs have.
 * @param {TrialScene} scene
 */
function linesOf(scene) {
  const curves = curvesOf(scene);
  const line = (/** @type {typeof curves[number]} */ curve, /** @type {number[]} */ values, bold = true) => ({
    ...curve,
    values,
    bold,
    color: css(curve.rgb, bold ? 1 : 0.22),
  });
  if (!isDifference(scene))
    return curves.flatMap((one) =>
      one.mean ? [line(one, one.values, false), line(one, one.mean)] : [line(one, one.values)],
    );
  return curves.flatMap((one) => {
    const first = curves.find(({ run, network }) => run === 0 && network === one.network);
    if (one.run === 0 || !first) return [];
    const base = { steps: first.steps, values: first.mean ?? first.values };
    return [
      line(
        one,
        (one.mean ?? one.values).map((value, i) => value - valueAt(base, one.steps[i])),
      ),
    ];
  });
}

/** @param {TrialScene} scene */
function valueTitle(scene) {
  const quantity = quantityText(scene, quantityOf(scene));
  const run = named(scene.panels[0]?.label ?? "", scene.t);
  return isDifference(scene) ? scene.t("overlay.minus", { quantity, run }) : quantity;
}

/** @param {TrialScene} scene @param {Line} line @param {number} i */
const traceOf = (scene, line, i) => ({
  type: "scatter",
  mode: line.steps.length < 3 ? "lines+markers" : "lines",
  uid: `overlay-${i}`,
  x: line.steps,
  y: line.values.map((value) => (Number.isFinite(value) ? value : null)),
  line: { color: line.color, width: line.bold ? 2 : 0.8, ...dashStyle(line.bold ? line : {}) },
  hoverinfo: line.bold ? "all" : "skip",
  hovertemplate:
    `<b>${escapeText(named(line.label, scene.t))}</b>` +
    `${line.network && ` · ${escapeText(named(line.network, scene.t))}`}<br>` +
    `${atStep(scene.t)}: <b>%{y:${isShare(scene) ? ".1%" : ".4g"}}</b><extra></extra>`,
});

/** @param {TrialScene} scene @returns {import("../types").Figure} */
function figure(scene) {
  const lines = linesOf(scene);
  const last = Math.max(1, ...lines.map(({ steps }) => steps.at(-1) ?? 1));
  const small = (/** @type {string} */ text) => ({ text: escapeText(text), standoff: 4, font: { size: 11 } });
  const values = isDifference(scene)
    ? { ...valueAxis(lines, true), tickformat: isShare(scene) ? ".0%" : undefined, zeroline: true }
    : valueAxis(lines, isShare(scene));
  const layout = layoutOf(scene, {
    margin: { l: 58, r: 12, t: 8, b: 40 },
    xaxis: axis(scene, {
      range: [0, last],
      nticks: scene.narrow ? 4 : 8,
      tickformat: "~s",
      showgrid: false,
      title: small(scene.t("axis.step")),
    }),
    yaxis: axis(scene, { ...values, title: small(valueTitle(scene)) }),
  });
  return { data: lines.map((line, i) => traceOf(scene, line, i)), layout };
}

/**
 * Runs by their dash, networks by their colour.
 * @param {TrialScene} scene @returns {import("../types").LegendItem[]}
 */
function legend(scene) {
  const networks = networksOf(scene);
  const colors = networkColors(networks, scene.theme.name);
  const runs = scene.panels.map(({ label }, run) => ({
    text: named(label, scene.t),
    colors: colors.map((color) => css(shade(color, run, scene.panels.length, scene.theme.name))),
    pattern: dashOf(run),
  }));
  const many = linesOf(scene).some((line) => line.many);
  return [
    ...networks.map(({ name }, i) => ({
      text: named(name, scene.t),
      colors: [css(colors[i])],
      width: 9,
      dash: /** @type {const} */ ("field"),
    })),
    ...runs,
    ...(many ? [{ text: meanName(scene, MEAN_OVER) }] : []),
  ];
}

/** The last value of each line, as words. @param {TrialScene} scene */
const summary = (scene) =>
  linesOf(scene)
    .filter(({ bold }) => bold)
    .map(({ label, network, values }) => {
      const last = values.findLast(Number.isFinite) ?? NaN;
      return scene.t("sweep.summary", {
        label: named(label, scene.t),
        network: named(network, scene.t),
        quantity: valueTitle(scene),
        value: isShare(scene) ? scene.t("percent", { value: brief(100 * last) }) : brief(last),
      });
    })
    .join("; ");

/** @type {import("../types").View} */
export const overlay = {
  id: "overlay",
  choices: [QUANTITY, AGAINST],
  controls: (/** @type {any} */ scene) => [quantityChoice(scene), againstChoice(scene)],
  legend: (/** @type {any} */ scene) => legend(scene),
  streams: () => [],
  available: () => true,
  key: (/** @type {any} */ scene) =>
    [
      scene.theme.name,
      scene.narrow,
      scene.t("locale"),
      quantityOf(scene),
      isDifference(scene),
      scene.panels.length,
      linesOf(scene).length,
    ].join("|"),
  figure: (/** @type {any} */ scene) => figure(scene),
  summary: (/** @type {any} */ scene) => summary(scene),
  table: (/** @type {any} */ scene) => [
    ["run", "network", "step", isDifference(scene) ? `difference_of_${quantityOf(scene)}` : quantityOf(scene)],
    ...linesOf(scene)
      .filter(({ bold, many }) => isDifference(scene) || !many || !bold)
      .flatMap((line) => line.steps.map((step, i) => [line.label, line.network, step, line.values[i]])),
  ],
};
