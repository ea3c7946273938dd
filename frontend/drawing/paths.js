/** Writes a trace's points into the SVG path that Plotly made for it, as Plotly itself would write them. */

/** @typedef {import("../types").Mapping} Mapping */

const WHOLE = Array.from({ length: 4096 }, (_, i) => String(i));
const PARTS = Array.from({ length: 100 }, (_, i) => (i === 0 ? "" : `.${String(i).padStart(2, "0").replace(/0$/, "")}`));

/** Beyond these pixels nothing is seen, and hundredths would be lost. */
const FARTHEST = 1e9;

/**
 * A coordinate as Plotly writes it: two decimals, no zeros at the end. From tables, for there are thousands in a frame.
 * @param {number} value
 */
export function coordinate(value) {
  let hundredths = Math.round(Math.min(FARTHEST, Math.max(-FARTHEST, value)) * 100);
  const sign = hundredths < 0 ? "-" : "";
  if (hundredths < 0) hundredths = -hundredths;
  const whole = Math.floor(hundredths / 100);
  return sign + (WHOLE[whole] ?? whole) + PARTS[hundredths - whole * 100];
}

/**
 * The `d` of a line through points.
 * @param {Mapping} mapping
 * @param {Float64Array} x
 * @param {Float64Array} y
 */
export function pathOf({ x: across, y: down }, x, y) {
  let d = "M";
  for (let i = 0; i < x.length; i++) {
    if (i > 0) d += "L";
    d += coordinate(across.slope * x[i] + across.intercept) + "," + coordinate(down.slope * y[i] + down.intercept);
  }
  return d;
}

/** The paths of one filled trace. */
export class ShapeWriter {
  /**
   * @param {any} gd the drawn figure
   * @param {number} trace
   * @param {Mapping} mapping
   */
  constructor(gd, trace, mapping) {
    this.gd = gd;
    this.trace = trace;
    this.mapping = mapping;
    const group = gd.querySelector(`.trace${CSS.escape(gd._fullData[trace].uid)}`);
    this.line = group?.querySelector(".js-line") ?? null;
    this.fill = group?.querySelector(".js-fill") ?? null;
  }

  /**
   * @param {Float64Array} x
   * @param {Float64Array} y
   * @param {boolean} exact Plotly's own numbers too: it reads them when someone hovers
   */
  write(x, y, exact) {
    const d = pathOf(this.mapping, x, y);
    this.line?.setAttribute("d", d);
    this.fill?.setAttribute("d", `${d}Z`);
    if (!exact) return;
    const points = this.gd.calcdata[this.trace];
    const data = this.gd.data[this.trace];
    for (let i = 0; i < x.length; i++) {
      data.x[i] = x[i];
      data.y[i] = y[i];
      if (points[i]) {
        points[i].x = x[i];
        points[i].y = y[i];
      }
    }
  }
}

/**
 * Write the texts of a trace of texts into the elements that Plotly made for them.
 * @param {any} gd
 * @param {number} trace
 * @param {string[]} texts
 */
export function writeTexts(gd, trace, texts) {
  const uid = gd._fullData[trace]?.uid;
  if (!uid) return;
  const nodes = gd.querySelectorAll(`.trace${CSS.escape(uid)} .textpoint text`);
  if (nodes.length !== texts.length) return;
  texts.forEach((text, i) => {
    if (nodes[i].textContent !== text) nodes[i].textContent = text;
    gd.data[trace].text[i] = text;
  });
}
