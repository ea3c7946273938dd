/** Paints cells over steps on a canvas: a column a frame, and every column that came since the last one. */

import { pixelOf } from "./mapping.js";

/** @typedef {import("../../types").Raster} Raster */
/** @typedef {import("../../types").Mapping} Mapping */
/** @typedef {import("../../stream/history.js").StreamHistory} StreamHistory */

export class RasterPainter {
  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Raster} raster
   * @param {StreamHistory} stream
   * @param {Mapping} mapping
   * @param {number} ratio device pixels per CSS pixel
   */
  constructor(context, raster, stream, mapping, ratio) {
    this.context = context;
    this.raster = raster;
    this.axes = raster.axes;
    this.stream = stream;
    this.mapping = mapping;
    this.ratio = ratio;
    const { x, y } = mapping;
    this.left = Math.round(x.offset * ratio);
    this.top = Math.round(y.offset * ratio);
    this.width = Math.round(x.length * ratio);
    this.height = Math.max(1, Math.round(y.length * ratio));
    this.words = new Uint32Array(this.height);
    /** @type {ImageData | null} */
    this.image = null;
    this.drawn = 0;
  }

  /** Device pixel where a step begins. @param {number} position */
  #x(position) {
    const step = this.stream.steps[this.stream.order[position]];
    return Math.round(pixelOf(this.mapping.x, step) * this.ratio);
  }

  /** Draw what has come since the last call. A cell reaches to the next step; the newest is one pixel wide. */
  advance() {
    const { stream, width } = this;
    if (this.drawn >= stream.count) return;
    for (let position = Math.max(0, this.drawn - 1); position < stream.count; position++) {
      const from = Math.max(0, this.#x(position));
      const next = position + 1 < stream.count && !stream.gapBefore(position + 1) ? this.#x(position + 1) : from + 1;
      const to = Math.min(width, next);
      if (to > from) this.#column(stream.order[position], from, to - from);
    }
    this.drawn = stream.count;
  }

  /** @param {number} slot @param {number} from @param {number} width */
  #column(slot, from, width) {
    this.raster.paint(slot, this.words, this.mapping.y, this.ratio);
    if (!this.image || this.image.width !== width) this.image = new ImageData(width, this.height);
    const pixels = new Uint32Array(this.image.data.buffer);
    for (let row = 0; row < this.height; row++) pixels.fill(this.words[row], row * width, (row + 1) * width);
    this.context.putImageData(this.image, this.left + from, this.top);
  }
}
