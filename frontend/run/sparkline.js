/** A run's losses as a small drawing and as a sentence: a line a network, on a logarithmic axis where that can be. */

import { css, networkColors } from "../app/colors.js";
import { svg } from "../app/dom.js";
import { named } from "../app/i18n.js";
import { brief } from "../app/numbers.js";

/** @typedef {import("../types").LossCurves} LossCurves */

export const SIZE = { width: 120, height: 30 };
const MARGIN = 2;

/** @param {number | null} value @returns {value is number} */
const finite = (value) => value !== null && Number.isFinite(value);

/**
 * The lines as SVG paths in a box of SIZE; a loss that is not finite leaves a gap.
 * @param {LossCurves} curves
 * @returns {{network: string, d: string}[]} networks without a point are left out
 */
export function sparkline({ steps, networks }) {
  const values = networks.flatMap((one) => one.loss.filter(finite));
  const scale = values.every((value) => value > 0) ? Math.log : (/** @type {number} */ value) => value;
  const [low, high] = [scale(Math.min(...values)), scale(Math.max(...values))];
  const [first, last] = [steps[0], steps[steps.length - 1]];
  const x = (/** @type {number} */ step) =>
    MARGIN + ((SIZE.width - 2 * MARGIN) * (step - first)) / Math.max(1, last - first);
  const y = (/** @type {number} */ value) =>
    MARGIN + (SIZE.height - 2 * MARGIN) * (high > low ? (high - scale(value)) / (high - low) : 0.5);
  return networks
    .map(({ network, loss }) => {
      let pen = "M";
      const d = loss
        .map((value, i) => {
          if (!finite(value)) {
            pen = "M";
            return "";
          }
          const point = `${pen}${x(steps[i]).toFixed(1)},${y(value).toFixed(1)}`;
          pen = "L";
          return point;
        })
        .join("");
      return { network, d };
    })
    .filter(({ d }) => d !== "");
}

/**
 * The lines in words, for who cannot see them.
 * @param {LossCurves} curves
 * @param {import("../types").Translate} t
 */
export function sparkText({ steps, networks }, t) {
  if (!steps.length) return t("spark.empty");
  return networks
    .map(({ network, loss }) => {
      const lost = loss.findIndex((value) => !finite(value));
      const kept = lost < 0 ? loss : loss.slice(0, lost);
      if (!kept.length) return t("spark.never", { network: named(network, t) });
      const values = {
        network: named(network, t),
        from: brief(/** @type {number} */ (kept[0])),
        to: brief(/** @type {number} */ (kept[kept.length - 1])),
      };
      return lost < 0 ? t("spark.text", values) : t("spark.lost", { ...values, step: steps[lost] });
    })
    .join("; ");
}

/** @param {LossCurves} curves @param {import("../types").Translate} t @param {"light" | "dark"} theme */
export function drawSparkline(curves, t, theme) {
  const colors = networkColors(
    curves.networks.map(({ network, normalized }) => ({
      name: network,
      layers: [{ name: "", features: 0, activation: "", normalization: normalized ? "batch" : "" }],
    })),
    theme,
  );
  const colorOf = (/** @type {string} */ name) =>
    css(colors[curves.networks.findIndex(({ network }) => network === name)]);
  return svg(
    "svg",
    {
      class: "spark",
      viewBox: `0 0 ${SIZE.width} ${SIZE.height}`,
      role: "img",
      "aria-label": sparkText(curves, t),
    },
    ...sparkline(curves).map(({ network, d }) => svg("path", { d, style: `stroke: ${colorOf(network)}` })),
  );
}
