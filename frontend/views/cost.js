/** What the scope itself costs: no measure of the training, so that it has a dialog of its own. */

import { dashOf } from "../app/colors.js";
import { brief } from "../app/numbers.js";
import { valueNow } from "./line-points.js";
import { lineView } from "./lines.js";

/** @typedef {import("../types").Scene} Scene */

const QUANTITIES = ["milliseconds", "percent"];
/** The first frames compile what others run: an axis goes no farther than these. */
const BOUNDS = /** @type {[number, number]} */ ([1e-3, 1e3]);
/** Hues that are told apart; of more probes the next ones are dashed. */
const HUES = 6;

/** @param {Scene} scene @param {number} i */
const colorOf = ({ theme }, i) => `hsl(${(360 / HUES) * (i % HUES) + 15}, 60%, ${theme.name === "light" ? 40 : 62}%)`;

/** @param {Scene} scene @param {number} i */
const styleOf = (scene, i) => ({ color: colorOf(scene, i), width: 1.3, dash: dashOf(Math.floor(i / HUES)) });

/** One line a probe, told by colour and dash; the sum of all stands out. @param {Scene} scene */
function lines(scene) {
  const entries = scene.layoutIndex.entries("cost");
  const sites = [...new Set(entries.map((entry) => entry.site))];
  return entries
    .filter((entry) => entry.shape.length === 0 && QUANTITIES.includes(entry.quantity))
    .map((entry) => ({
      stream: entry.stream,
      offset: entry.offset,
      axes: "xy",
      column: 0,
      row: QUANTITIES.indexOf(entry.quantity),
      quantity: entry.quantity,
      network: entry.network,
      name: scene.t(`probe.${entry.site}`),
      ...(entry.site === "total" ? { color: scene.theme.ink, width: 2.4 } : styleOf(scene, sites.indexOf(entry.site))),
    }));
}

/** Each probe by its colour, with what it takes now. @param {Scene} scene */
const legend = (scene) =>
  lines(scene)
    .filter(({ quantity }) => quantity === "percent")
    .map((line) => ({
      text: `${line.name} ${scene.t("percent", { value: brief(valueNow(scene, line)) })}`,
      colors: [line.color],
      width: line.width > 2 ? 3 : 2,
      ...("dash" in line ? { pattern: line.dash } : {}),
    }));

export const cost = lineView({
  id: "cost",
  rows: QUANTITIES.map((quantity) => ({ title: `quantity.${quantity}`, log: true, bounds: BOUNDS })),
  lines,
  titles: () => [],
  legend,
});
