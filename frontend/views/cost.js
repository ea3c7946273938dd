/** What the scope itself costs: no measure of the training, so that it has a dialog of its own. */

import { brief } from "../app/numbers.js";
import { valueNow } from "./line-points.js";
import { lineView } from "./lines.js";

/** @typedef {import("../types").Scene} Scene */

const QUANTITIES = ["milliseconds", "percent"];
/** The first frames compile what others run: an axis goes no farther than these. */
const BOUNDS = /** @type {[number, number]} */ ([1e-3, 1e3]);
/** Degrees of hue from one probe's colour to the next: none comes near those just before it. */
const TURN = 137.5;

/** @param {Scene} scene @param {number} i */
const colorOf = ({ theme }, i) => `hsl(${Math.round((i * TURN) % 360)}, 55%, ${theme.name === "light" ? 42 : 62}%)`;

/** One line a probe, each in a colour of its own; the sum of all stands out. @param {Scene} scene */
function lines(scene) {
  const layout = scene.header.layouts.find((one) => one.name === "cost");
  if (!layout) return [];
  const sites = [...new Set(layout.entries.map((entry) => entry.site))];
  return layout.entries
    .filter((entry) => entry.shape.length === 0 && QUANTITIES.includes(entry.quantity))
    .map((entry) => ({
      stream: layout.stream,
      offset: entry.offset,
      axes: "xy",
      column: 0,
      row: QUANTITIES.indexOf(entry.quantity),
      quantity: entry.quantity,
      network: entry.network,
      name: scene.t(`probe.${entry.site}`),
      ...(entry.site === "total"
        ? { color: scene.theme.ink, width: 2.4 }
        : { color: colorOf(scene, sites.indexOf(entry.site)), width: 1.3 }),
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
    }));

export const cost = lineView({
  id: "cost",
  rows: QUANTITIES.map((quantity) => ({ title: `quantity.${quantity}`, log: true, bounds: BOUNDS })),
  lines,
  titles: () => [],
  legend,
});
