/** How rough the loss is along the gradient (Santurkar et al. 2018, figure 4): by how far a step goes. */

import { css, shade } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { brief } from "../app/numbers.js";
import { axisId, colorsOf } from "./common.js";
import { ownSwitch } from "./controls.js";
import { valueShown } from "./focus.js";
import { lineView } from "./lines.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("./line-figure.js").Line} Line */

const LOSS = "landscape_loss";
const RANGE = "landscape_variation";
const QUANTITIES = [LOSS, RANGE, "gradient_predictiveness", "effective_smoothness"];
/** The choice of how far a step goes, in learning rates; it stands in the link. */
const CHOICE = "eta";
const USUAL = 1;
const FADED = 0.4;

/** How far steps go, in learning rates. @param {Scene} scene */
const lengthsOf = ({ header, layoutIndex }) =>
  layoutIndex.find(LOSS, { network: header.networks[0].name })?.coordinates ?? [USUAL];

/** @param {Scene} scene */
function chosenLength(scene) {
  const asked = Number(scene.selection.choices[CHOICE]);
  return lengthsOf(scene).includes(asked) ? asked : USUAL;
}

/** A step's length in words. @param {number} length */
const lengthText = (length) => `${length} η`;

/**
 * One line a network and a length of the step, that of the chosen length bold; else one a network.
 * @param {Scene} scene
 * @param {string} quantity
 * @param {number} row
 * @returns {Line[]}
 */
function linesOf(scene, quantity, row) {
  const colors = colorsOf(scene);
  return scene.header.networks.flatMap(({ name: network }, column) => {
    const entry = scene.layoutIndex.find(quantity, { network });
    if (!entry) return [];
    const lengths = entry.coordinates ?? [null];
    const what = scene.t(`quantity.${quantity}`);
    return lengths.map((length, i) => {
      const bold = length === null || length === chosenLength(scene);
      const rgb = length === null ? colors[column] : shade(colors[column], i, lengths.length, scene.theme.name);
      return {
        stream: entry.stream,
        offset: entry.offset + i,
        axes: axisId("x", column) + axisId("y", row),
        column,
        row,
        quantity,
        network,
        ...(length === null ? { name: what } : { name: lengthText(length), what }),
        rgb,
        color: css(rgb, bold ? 1 : FADED),
        width: bold ? 2.2 : 1.1,
      };
    });
  });
}

/** From the shortest step to the longest, and the chosen one. @param {Scene} scene */
function lengthLegend(scene) {
  const lengths = lengthsOf(scene);
  const colors = colorsOf(scene).map((color) =>
    lengths.map((_, i) => css(shade(color, i, lengths.length, scene.theme.name))),
  );
  const [first, last] = [lengthText(lengths[0]), lengthText(lengths[lengths.length - 1])];
  const at = lengths.indexOf(chosenLength(scene));
  return [
    ...colors.map((shades, i) => ({
      text: i === colors.length - 1 ? scene.t("landscape.lengths", { first, last }) : "",
      colors: shades,
      width: 4,
    })),
    { text: lengthText(lengths[at]), colors: colors.map((shades) => shades[at]), width: 3 },
  ];
}

/** How far the loss ranges along the gradient at the shown step, network by network. @param {Scene} scene */
function seen(scene) {
  const found = scene.header.networks.flatMap(({ name }) => {
    const entry = scene.layoutIndex.find(RANGE, { network: name });
    const value = entry ? valueShown(scene, entry) : NaN;
    return Number.isFinite(value) ? [`${named(name, scene.t)} ${brief(value)}`] : [];
  });
  return found.length ? scene.t("landscape.seen", { found: found.join(", ") }) : scene.t("landscape.lower");
}

export const landscape = lineView({
  id: "landscape",
  size: "deep",
  choices: [CHOICE],
  rows: QUANTITIES.map((quantity) => ({ title: `landscape.${quantity}`, log: true })),
  lines: (scene) => QUANTITIES.flatMap((quantity, row) => linesOf(scene, quantity, row)),
  key: (scene) => String(chosenLength(scene)),
  controls: (scene) => [
    {
      ...ownSwitch(
        scene,
        CHOICE,
        scene.t("landscape.eta"),
        lengthsOf(scene).map((length) => ({ value: String(length), text: lengthText(length) })),
      ),
      value: String(chosenLength(scene)),
      change: (value) => ({ type: "choose", name: CHOICE, value: Number(value) === USUAL ? null : value }),
    },
  ],
  legend: (scene) => [...lengthLegend(scene), { text: seen(scene) }],
});
