/** What someone points at in a chart: a point, or a stretch of the axis along the run, which then all charts show. */

import { isLinked } from "../views/common.js";

/** @typedef {import("../types").Figure} Figure */

/** @param {Figure | null} figure */
const linkedAxes = (figure) =>
  Object.keys(figure?.layout ?? {}).filter((name) => name.startsWith("xaxis") && isLinked(figure?.layout[name]));

/** How a chart takes two clicks: those of one stretch show the whole run again. @param {Figure} figure */
export const doubleClick = (figure) => ({ doubleClick: linkedAxes(figure).length ? false : "reset" });

/** Two clicks within so many milliseconds are not two choices. */
const TWO_CLICKS = 350;

/**
 * @param {any} gd
 * @param {{figure: () => Figure | null, zoom: (range: [number, number] | null) => void,
 *   pick: (point: any) => void}} acts `figure` is what is drawn
 */
export function followPointer(gd, { figure, zoom, pick }) {
  let clicked = -TWO_CLICKS;
  gd.on("plotly_relayout", (/** @type {Record<string, any>} */ changed) => {
    const name = linkedAxes(figure()).find((one) => `${one}.range[0]` in changed);
    if (name) zoom([changed[`${name}.range[0]`], changed[`${name}.range[1]`]]);
  });
  gd.on("plotly_doubleclick", () => {
    if (linkedAxes(figure()).length) zoom(null);
  });
  gd.on("plotly_click", (/** @type {any} */ event) => {
    const now = performance.now();
    const second = now - clicked < TWO_CLICKS;
    clicked = now;
    if (!second && event.points?.[0]) pick(event.points[0]);
  });
}
