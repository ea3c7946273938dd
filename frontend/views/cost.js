/** What the scope itself costs. */

import { lineView } from "./lines.js";

/** @typedef {import("../types").Scene} Scene */

const COLORS = ["rgb(110, 118, 135)", "rgb(170, 120, 60)", "rgb(60, 140, 120)", "rgb(140, 100, 170)"];
const QUANTITIES = ["milliseconds", "percent"];

/** One line a probe, told apart when pointed at; the sum of all stands out. @param {Scene} scene */
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
        : { color: COLORS[sites.indexOf(entry.site) % COLORS.length], width: 1.1 }),
    }));
}

export const cost = lineView({
  id: "cost",
  rows: QUANTITIES.map((quantity) => ({ title: `quantity.${quantity}`, log: true })),
  lines,
  titles: () => [],
  legend: (scene) => [
    { text: scene.t("probe.total"), colors: [scene.theme.ink], width: 2.4 },
    { text: scene.t("legend.probes"), colors: COLORS.slice(0, 3), width: 2 },
  ],
});
