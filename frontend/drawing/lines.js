/** Draws lines over steps on a canvas: what is new since the last frame, or everything after a change. */

import { Smoother } from "../numbers.js";
import { pixelOf } from "./mapping.js";

/** @typedef {import("../types").Series} Series */
/** @typedef {import("../types").Mapping} Mapping */
/** @typedef {import("../history.js").StreamHistory} StreamHistory */

export class LinePainter {
  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Series} series
   * @param {StreamHistory} stream
   * @param {Mapping} mapping
   */
  constructor(context, series, stream, mapping) {
    this.context = context;
    this.series = series;
    this.stream = stream;
    this.mapping = mapping;
    this.column = stream.column(series.offset);
    /** positions that have been drawn */
    this.drawn = 0;
    /** how many of them lay outside the axis */
    this.outside = 0;
    this.smoother = new Smoother();
    /** the last drawn value of a smoothed line */
    this.last = NaN;
  }

  /** @param {number} position */
  #y(position) {
    let value = this.column[this.stream.order[position]];
    if (this.series.smooth) {
      if (position >= this.drawn) this.last = this.smoother.next(value);
      value = this.last;
    }
    return pixelOf(this.mapping.y, value);
  }

  /** @param {number} position */
  #x(position) {
    return pixelOf(this.mapping.x, this.stream.steps[this.stream.order[position]]);
  }

  /** Draw what has come since the last call. */
  advance() {
    const { stream, context, mapping, series } = this;
    if (this.drawn >= stream.count) return;
    this.column = stream.column(series.offset);
    context.save();
    context.beginPath();
    context.rect(mapping.x.offset, mapping.y.offset, mapping.x.length, mapping.y.length);
    context.clip();
    context.translate(mapping.x.offset, mapping.y.offset);
    context.strokeStyle = series.color;
    context.lineWidth = series.width;
    context.lineJoin = "round";
    if (series.dash) context.setLineDash(series.dash);
    context.beginPath();
    if (this.drawn === 0) this.smoother = new Smoother();
    this.#trace(Math.max(0, this.drawn - 1));
    context.stroke();
    context.restore();
    this.drawn = stream.count;
  }

  /**
   * Within one pixel column only the first, lowest, highest and last values are drawn: the same picture for less work.
   * @param {number} from
   */
  #trace(from) {
    const { context, stream, mapping } = this;
    let pen = false;
    let column = NaN;
    let low = 0;
    let high = 0;
    let last = 0;
    for (let position = from; position < stream.count; position++) {
      const y = this.#y(position);
      if (!Number.isFinite(y)) {
        pen = false;
        column = NaN;
        continue;
      }
      if (y < 0 || y > mapping.y.length) this.outside++;
      const x = this.#x(position);
      if (!pen) context.moveTo(x, y);
      else if (Math.round(x) === column && position < stream.count - 1) {
        low = Math.min(low, y);
        high = Math.max(high, y);
        last = y;
        continue;
      } else {
        if (low !== high) {
          context.lineTo(column, low);
          context.lineTo(column, high);
          context.lineTo(column, last);
        }
        context.lineTo(x, y);
      }
      pen = true;
      column = Math.round(x);
      low = high = last = y;
    }
  }
}
