/** Hands the shapes that move in every frame to the worker that draws them, and to Plotly when someone hovers. */

import { hideTrace, mappingOf } from "./mapping.js";

/** @typedef {import("../../types").Shape} Shape */
/** @typedef {import("./outlines.js").Outline} Outline */
/**
 * @typedef {{width: number, height: number, ratio: number,
 *   outlines: Outline[]}} Plan how all shapes of a chart are drawn
 */
/** @typedef {{lengths: number[], points: Float32Array}} Points where they are now */
/**
 * @typedef {{kind: "report", port: MessagePort} | {sheet: number} & ({kind: "open", canvas: OffscreenCanvas}
 *   | {kind: "plan", plan: Plan} | {kind: "draw", shapes: Points} | {kind: "close"})} Order
 */

export class ShapesPainter {
  /** One thread for all charts. @type {Worker | null} */
  static #worker = null;
  static #count = 0;

  /** Start the thread ahead of the first chart, while the server is there to send its script. */
  static start() {
    ShapesPainter.#worker ??= new Worker(new URL("./shapes-worker.js", import.meta.url), { type: "module" });
    return ShapesPainter.#worker;
  }

  /** Resolves when all that was handed to the thread is on its canvases. @returns {Promise<void>} */
  static drawn() {
    const { port1, port2 } = new MessageChannel();
    ShapesPainter.start().postMessage({ kind: "report", port: port2 }, [port2]);
    return new Promise((resolve) => {
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
    });
  }

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.sheet = ShapesPainter.#count++;
    /** @type {any} */
    this.gd = null;
    this.size = { width: 0, height: 0, ratio: 1 };
    /** @type {number[]} traces whose style the worker knows */
    this.traces = [];
    /** @type {import("../../types").Mapping[]} */
    this.mappings = [];
    const offscreen = canvas.transferControlToOffscreen();
    this.#post({ sheet: this.sheet, kind: "open", canvas: offscreen }, [offscreen]);
  }

  /** @param {Order} order @param {Transferable[]} [transfer] */
  #post(order, transfer = []) {
    ShapesPainter.start().postMessage(order, transfer);
  }

  /**
   * The figure has been laid out anew.
   * @param {any} gd @param {number} width @param {number} height @param {number} ratio device pixels per CSS pixel
   */
  attach(gd, width, height, ratio) {
    this.gd = gd;
    this.size = { width, height, ratio };
    this.traces = [];
  }

  /** @param {Shape[]} shapes those of one subplot together, in the order in which they cover each other */
  draw(shapes) {
    if (this.traces.length !== shapes.length || shapes.some(({ trace }, i) => trace !== this.traces[i]))
      this.#plan(shapes);
    let count = 0;
    for (const { x } of shapes) count += x.length;
    const points = new Float32Array(2 * count);
    let at = 0;
    shapes.forEach(({ x, y }, i) => {
      const { x: across, y: down } = this.mappings[i];
      for (let point = 0; point < x.length; point++) {
        points[at++] = hundredths(across.slope * x[point] + across.intercept);
        points[at++] = hundredths(down.slope * y[point] + down.intercept);
      }
    });
    this.#post({ sheet: this.sheet, kind: "draw", shapes: { lengths: shapes.map(({ x }) => x.length), points } }, [
      points.buffer,
    ]);
  }

  /**
   * Send the worker their styles. Plotly's own pictures of them are hidden: they stay for hover.
   * @param {Shape[]} shapes
   */
  #plan(shapes) {
    this.traces = shapes.map(({ trace }) => trace);
    const full = this.traces.map((trace) => this.gd._fullData[trace]);
    this.mappings = full.map(({ xaxis, yaxis }) => mappingOf(this.gd._fullLayout, xaxis + yaxis));
    this.#post({
      sheet: this.sheet,
      kind: "plan",
      plan: { ...this.size, outlines: full.map((trace, i) => outlineOf(trace, this.mappings[i])) },
    });
    for (const trace of full) hideTrace(this.gd, trace);
  }

  destroy() {
    this.#post({ sheet: this.sheet, kind: "close" });
  }
}

/** As Plotly writes coordinates: over a long line, what it rounds moves the dashes. @param {number} pixel */
const hundredths = (pixel) => Math.round(100 * pixel) / 100;

/** @param {any} trace of gd._fullData @param {import("../../types").Mapping} mapping @returns {Outline} */
const outlineOf = (trace, { x, y }) => ({
  color: trace.line.color,
  width: trace.line.width,
  opacity: trace.opacity,
  fill: trace.fill === "toself" ? trace.fillcolor : null,
  dash: trace.line.dash.includes("px") ? trace.line.dash.split(",").map(parseFloat) : [],
  box: [x.offset, y.offset, x.length, y.length],
});

/**
 * Give Plotly the numbers that are shown: it reads them when someone hovers.
 * @param {any} gd
 * @param {Shape[]} shapes
 * @param {import("../../types").Hover[]} hovers
 */
export function tellPlotly(gd, shapes, hovers) {
  for (const { trace, numbers } of hovers)
    for (let i = 0; i < numbers.length; i++) gd.data[trace].customdata[i] = numbers[i];
  for (const { trace, x, y } of shapes) {
    const points = gd.calcdata[trace];
    const data = gd.data[trace];
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
