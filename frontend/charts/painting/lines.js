/** Draws the lines of one subplot on a canvas: what is new since the last frame, or everything after a change. */

import { RunningMean } from "../../app/numbers.js";
import { pixelOf } from "./mapping.js";

/** @typedef {import("../../types").Series} Series */
/** @typedef {import("../../types").Mapping} Mapping */
/** @typedef {import("../../stream/history.js").StreamHistory} StreamHistory */

const NONE = new Float32Array(0);
/** So many take some ten milliseconds. */
const VALUES_AT_A_TIME = 100_000;
const LEAST = 64;
const EDGE = 1.5;

/** @param {Series} series */
const meanOf = ({ smooth }) => (smooth ? new RunningMean(smooth) : null);

/** A line and where its pen is. */
class Line {
  /** @param {Series} series @param {Float32Array} column */
  constructor(series, column) {
    this.series = series;
    this.column = column;
    this.mean = meanOf(series);
    /** value at the last drawn position, or the running mean where that is drawn */
    this.last = NaN;
    /** pixels from its beginning, where it is dashed: its strokes go on where they ended */
    this.length = 0;
  }
}

/** Lines of one stream on the same axes. Those that look alike share one stroke: a hundred channels cost one. */
export class LinesPainter {
  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Series[]} series
   * @param {StreamHistory} stream
   * @param {Mapping} mapping
   */
  constructor(context, series, stream, mapping) {
    this.context = context;
    this.stream = stream;
    this.mapping = mapping;
    this.axes = series[0].axes;
    this.place = series[0].x;
    /** positions that have been drawn */
    this.drawn = 0;
    /** positions that are drawn at a time: hundreds of lines over a long history take several turns */
    this.most = Math.max(LEAST, Math.floor(VALUES_AT_A_TIME / series.length));
    /** how many values had no place on the axis */
    this.outside = 0;
    /** @type {Map<string, Line[]>} */
    this.styles = new Map();
    for (const one of series) {
      const style = `${one.color}|${one.width}|${one.dash ?? ""}`;
      const lines = this.styles.get(style) ?? [];
      lines.push(new Line(one, one.many ? NONE : stream.column(one.offset)));
      this.styles.set(style, lines);
    }
  }

  /** Draw what has come since the last call, or the next of it. */
  advance() {
    const { stream, context, mapping } = this;
    if (this.drawn >= stream.count) return;
    const end = Math.min(stream.count, this.drawn + this.most);
    context.save();
    context.beginPath();
    // What lies on the edge is drawn with its whole width.
    context.rect(mapping.x.offset, mapping.y.offset - EDGE, mapping.x.length, mapping.y.length + 2 * EDGE);
    context.clip();
    context.translate(mapping.x.offset, mapping.y.offset);
    context.lineJoin = "round";
    for (const lines of this.styles.values()) {
      const { color, width, dash } = lines[0].series;
      context.strokeStyle = color;
      context.lineWidth = width;
      context.setLineDash(dash ?? []);
      context.lineDashOffset = lines[0].length;
      context.beginPath();
      for (const line of lines) this.#trace(line, end);
      context.stroke();
    }
    context.restore();
    this.drawn = end;
  }

  /**
   * Within one pixel column only the first, lowest, highest and last values are drawn: the same picture for less work.
   * @param {Line} line
   * @param {number} end position after the last
   */
  #trace(line, end) {
    const { context, stream, mapping, drawn } = this;
    const { steps, order } = stream;
    const { many, offset, x: place } = line.series;
    this.#prepare(line, end);
    const unknown = many ? undefined : stream.unknown.get(offset);
    const lacks = (/** @type {number} */ slot) => (many ? stream.rowOf[slot] < 0 : unknown?.[slot] === 1);
    const dashed = line.series.dash !== undefined;
    let pen = false;
    let column = NaN;
    let [low, high, last] = [0, 0, 0];
    let start = Math.max(0, drawn - 1);
    // Where rows were let go, the line goes on from the last value that is there.
    while (start > 0 && lacks(order[start])) start--;
    for (let position = start; position < end; position++) {
      const slot = order[position];
      if (lacks(slot)) continue;
      if (many) line.last = stream.value(slot, offset);
      else if (position >= drawn) line.last = line.mean?.next(line.column[slot]) ?? line.column[slot];
      const y = pixelOf(mapping.y, line.last);
      if (y < 0 || y > mapping.y.length) this.outside++;
      if (stream.gapBefore(position)) pen = false;
      if (!Number.isFinite(y)) {
        pen = false;
        column = NaN;
        continue;
      }
      const x = pixelOf(mapping.x, place ? place(slot) : steps[slot]);
      if (!pen) context.moveTo(x, y);
      else if (Math.round(x) === column && position < end - 1) {
        if (y < low) low = y;
        if (y > high) high = y;
        last = y;
        continue;
      } else {
        if (low !== high) this.#span(column, [low, high, last]);
        context.lineTo(x, y);
        if (dashed) line.length += Math.hypot(x - column, y - last);
      }
      pen = true;
      column = Math.round(x);
      low = high = last = y;
    }
    if (pen && low !== high) this.#span(column, [low, high, last]);
  }

  /** @param {Line} line @param {number} end */
  #prepare(line, end) {
    const { many, offset } = line.series;
    if (!many && line.column.length < end) line.column = this.stream.column(offset);
    if (this.drawn === 0) Object.assign(line, { mean: meanOf(line.series), length: 0 });
  }

  /** What lies in one pixel column. @param {number} column @param {number[]} heights */
  #span(column, heights) {
    for (const y of heights) this.context.lineTo(column, y);
  }
}

/**
 * Painters for a chart's lines: one for each subplot and stream.
 * @param {Series[]} series
 * @param {(series: Series[]) => LinesPainter} make
 */
export function groupLines(series, make) {
  /** @type {Map<string, Series[]>} */
  const groups = new Map();
  for (const one of series) {
    const key = `${one.axes}|${one.stream}`;
    const group = groups.get(key) ?? [];
    group.push(one);
    groups.set(key, group);
  }
  return [...groups.values()].map(make);
}
