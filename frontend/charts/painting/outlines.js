/** Draws lines and filled outlines on a canvas as Plotly draws its traces. Knows no page: a worker uses it. */

/**
 * @typedef {object} Outline how one trace is drawn, and in which part of the canvas
 * @property {string} color
 * @property {number} width
 * @property {number[]} dash
 * @property {string | null} fill
 * @property {number} opacity
 * @property {[number, number, number, number]} box left, top, width and height of its subplot
 */

/** What Plotly's own lines have. */
const MITER_LIMIT = 2;
/** Beyond these pixels nothing is seen. */
const FARTHEST = 1e6;

/** @param {number} pixel */
const near = (pixel) => Math.max(-FARTHEST, Math.min(FARTHEST, pixel));

/**
 * @param {OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D} context
 * @param {Outline[]} outlines
 * @param {number[]} lengths how many points each has
 * @param {Float32Array} points x and y in turn, of all outlines, in pixels from the corner of their subplot;
 *   NaN breaks a line
 */
export function drawOutlines(context, outlines, lengths, points) {
  let from = 0;
  /** @type {Outline["box"] | null} */
  let entered = null;
  context.save();
  context.lineJoin = "miter";
  context.miterLimit = MITER_LIMIT;
  outlines.forEach((outline, i) => {
    if (!entered || entered.some((edge, at) => edge !== outline.box[at])) {
      if (entered) context.restore();
      entered = outline.box;
      enter(context, entered);
    }
    trail(context, points, from, from + 2 * lengths[i]);
    from += 2 * lengths[i];
    paint(context, outline);
  });
  if (entered) context.restore();
  context.restore();
}

/** @param {OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D} context @param {Outline["box"]} box */
function enter(context, [left, top, width, height]) {
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  context.translate(left, top);
}

/**
 * @param {OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D} context
 * @param {Float32Array} points
 * @param {number} from
 * @param {number} to
 */
function trail(context, points, from, to) {
  context.beginPath();
  let pen = false;
  for (let i = from; i < to; i += 2) {
    const x = near(points[i]);
    const y = near(points[i + 1]);
    if (!Number.isFinite(points[i]) || !Number.isFinite(points[i + 1])) pen = false;
    else if (pen) context.lineTo(x, y);
    else {
      context.moveTo(x, y);
      pen = true;
    }
  }
}

/** @param {OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D} context @param {Outline} outline */
function paint(context, { color, width, dash, fill, opacity }) {
  context.globalAlpha = opacity;
  if (fill !== null) {
    context.fillStyle = fill;
    context.fill();
  }
  context.strokeStyle = color;
  context.lineWidth = width;
  context.setLineDash(dash);
  context.stroke();
}
