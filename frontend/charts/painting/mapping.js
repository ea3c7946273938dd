/** Reads from a drawn Plotly figure where values stand in pixels, and hides what is drawn in its place. */

/** @typedef {import("../../types").Axis} Axis */

/**
 * @param {any} axis an axis of `gd._fullLayout`
 * @returns {Axis}
 */
function axisOf(axis) {
  return {
    slope: axis._m,
    intercept: axis._b,
    offset: axis._offset,
    length: axis._length,
    log: axis.type === "log",
    range: [axis.range[0], axis.range[1]],
  };
}

/**
 * The axes of a subplot such as "x2y".
 * @param {any} layout gd._fullLayout
 * @param {string} axes
 * @returns {import("../../types").Mapping}
 */
export function mappingOf(layout, axes) {
  const [, x, y] = /** @type {RegExpMatchArray} */ (axes.match(/^x(\d*)y(\d*)$/));
  return { x: axisOf(layout[`xaxis${x}`]), y: axisOf(layout[`yaxis${y}`]) };
}

/**
 * Hide Plotly's picture of a trace, which something else draws; it stays for hover.
 * @param {any} gd
 * @param {any} trace of gd._fullData
 */
export function hideTrace(gd, trace) {
  const group = gd.querySelector(`.trace${CSS.escape(trace.uid)}`);
  if (group) group.style.visibility = "hidden";
}

/**
 * Lay what is drawn beside Plotly between its two pictures: above the grid, below titles and hover labels.
 * @param {any} gd
 * @param {(HTMLElement | undefined)[]} elements
 */
export function layBetween(gd, elements) {
  const [below] = gd.querySelectorAll(".main-svg");
  if (below && below.nextSibling !== elements[0]) below.after(...elements.filter((element) => element !== undefined));
}

/**
 * Pixel of a value inside the plot; NaN where the axis has no place for it.
 * @param {Axis} axis
 * @param {number} value
 */
export const pixelOf = (axis, value) => axis.slope * (axis.log ? Math.log10(value) : value) + axis.intercept;
