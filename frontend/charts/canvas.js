/** What lies under a chart's axes: lines and cells over steps, painted on a canvas as they come. */

import { groupLines, LinesPainter } from "./painting/lines.js";
import { mappingOf } from "./painting/mapping.js";
import { RasterPainter } from "./painting/raster.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").View} View */
/** @typedef {import("../stream/history.js").StreamHistory} StreamHistory */

const REPAINT_EVERY = 300;
const REPAINT_SHARE = 10;

export class PaintedCanvas {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    /** @type {(LinesPainter | RasterPainter)[]} */
    this.painters = [];
    /** whether some things are painted: they hide what lies below them */
    this.layered = false;
    this.epochs = 0;
    this.repainted = 0;
    this.width = 0;
    this.height = 0;
  }

  /**
   * The axes have been laid out anew: everything is painted on them.
   * @param {Scene} scene
   * @param {View} view
   * @param {any} layout gd._fullLayout
   * @param {{width: number, height: number, ratio: number}} size `ratio`: device pixels per CSS pixel
   * @param {boolean} whole all of it at once
   */
  attach(scene, view, layout, size, whole) {
    const { ratio } = size;
    [this.width, this.height] = [size.width, size.height];
    const width = Math.round(size.width * ratio);
    const height = Math.round(size.height * ratio);
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    this.#context().setTransform(ratio, 0, 0, ratio, 0, 0);
    this.painters = this.#make(scene, view, layout, ratio);
    this.layered = this.painters.some((painter) => painter instanceof RasterPainter);
    this.#repaint(whole);
  }

  #context() {
    return /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
  }

  /** @param {Scene} scene @param {View} view @param {any} layout @param {number} ratio */
  #make(scene, view, layout, ratio) {
    const context = this.#context();
    const streamOf = (/** @type {number} */ stream) => scene.history.stream(stream);
    return [
      ...(view.rasters?.(scene) ?? []).map(
        (one) => new RasterPainter(context, one, streamOf(one.stream), mappingOf(layout, one.axes), ratio),
      ),
      ...groupLines(
        view.series?.(scene) ?? [],
        (group) => new LinesPainter(context, group, streamOf(group[0].stream), mappingOf(layout, group[0].axes)),
      ),
    ];
  }

  /** @param {boolean} whole */
  #repaint(whole) {
    this.#context().clearRect(0, 0, this.width, this.height);
    this.epochs = this.#epochsNow();
    for (const painter of this.painters) {
      painter.drawn = 0;
      do painter.advance();
      while (whole && painter.drawn < painter.stream.count);
    }
  }

  #epochsNow() {
    let sum = 0;
    for (const painter of this.painters) sum += painter.stream.epoch;
    return sum;
  }

  /**
   * Paint what has come. Returns whether some of it waits for a later frame.
   * @param {number} now milliseconds
   * @param {import("./chart.js").Budget} budget
   * @param {boolean} whole where all is painted anew, all of it at once
   */
  paint(now, budget, whole) {
    if (this.epochs !== this.#epochsNow()) return this.#paintAnew(now, budget, whole);
    if (!this.behind) return false;
    if (budget.advances-- <= 0) return true;
    this.#advance();
    return this.behind;
  }

  /** @param {number} now @param {import("./chart.js").Budget} budget @param {boolean} whole */
  #paintAnew(now, budget, whole) {
    if (now - this.repainted <= REPAINT_EVERY || budget.repaints-- <= 0) {
      if (this.behind && budget.advances-- > 0) this.#advance();
      return true;
    }
    const from = performance.now();
    this.#repaint(whole);
    // While a whole history comes in, from its end to its start, painting it anew takes a tenth of the time at most.
    this.repainted = now + Math.max(0, REPAINT_SHARE * (performance.now() - from) - REPAINT_EVERY);
    return this.behind;
  }

  /** Cells under lines come first; new ones hide the last stretch of the lines, which is drawn again. */
  #advance() {
    for (const painter of this.painters) {
      const isOver = this.layered && painter instanceof LinesPainter;
      if (isOver && painter.drawn > 0 && painter.drawn < painter.stream.count) painter.drawn--;
      painter.advance();
    }
  }

  get behind() {
    return this.painters.some((painter) => painter.drawn < painter.stream.count);
  }

  /** How many values that were drawn have no place on their axis. */
  get outside() {
    let count = 0;
    for (const painter of this.painters) if (painter instanceof LinesPainter) count += painter.outside;
    return count;
  }

  /** The subplots that are painted. */
  get subplots() {
    return new Set(this.painters.map(({ axes }) => axes));
  }

  /** Where a step stands on the axis of a subplot. @param {string} axes @param {number} step */
  placeOf(axes, step) {
    const painter = this.painters.find((one) => one.axes === axes);
    const place = painter instanceof LinesPainter ? painter.place : undefined;
    return painter && place ? place(painter.stream.slotAt(step)) : step;
  }

  /** How many frames of a stream are painted. @param {StreamHistory} stream */
  drawn(stream) {
    const mine = this.painters.filter((painter) => painter.stream === stream);
    return Math.min(stream.count, ...mine.map((painter) => painter.drawn));
  }
}
