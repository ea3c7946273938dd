/**
 * One chart. Plotly draws axes, hover, zoom and export; what moves every frame is painted on a canvas that lies under
 * its axes, and settled with a call when someone looks closely.
 */

import { isLive } from "../app/state.js";
import { plotly } from "./library.js";
import { Cursors } from "./painting/cursors.js";
import { groupLines, LinesPainter } from "./painting/lines.js";
import { mappingOf } from "./painting/mapping.js";
import { RasterPainter } from "./painting/raster.js";
import { ShapesPainter, tellPlotly } from "./painting/shapes.js";
import { Texts } from "./painting/texts.js";
import { plotlyLanguage } from "./plotly-language.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").View} View */
/** @typedef {import("../types").Figure} Figure */
/**
 * @typedef {{layouts: number, repaints: number, advances: number}} Budget how many charts may still be laid out,
 *   painted anew, and go on in this frame
 */

const CONFIG = {
  displayModeBar: false,
  displaylogo: false,
  showSendToCloud: false,
  doubleClick: "reset",
  responsive: false,
};
const LABELS_EVERY = 140;
const KEY_EVERY = 1500;
/** How often axes are compared with all values: where values lie outside, and where none do. */
const RANGES_EVERY = 2000;
const RANGES_REST = 20_000;
const REPAINT_EVERY = 300;
const REPAINT_SHARE = 10;
const SETTLE_EVERY = 1000;
const TWO_CLICKS = 350;

/**
 * Whether figures are laid out alike for both: none depends on the step, which changes in every frame of a replay.
 * @param {import("../types").Look | null} one @param {import("../types").Look} other
 */
const sameBesidesStep = (one, other) =>
  one === other ||
  (one !== null &&
    Object.entries(other).every(
      ([name, value]) => name === "step" || value === one[/** @type {keyof import("../types").Look} */ (name)],
    ));

export class Chart {
  /**
   * @param {HTMLElement} host an empty element with a size of its own
   * @param {View} view
   * @param {{pick: (look: Partial<import("../types").Look>) => void, wake: () => void}} hooks
   */
  constructor(host, view, hooks) {
    this.host = host;
    this.view = view;
    this.hooks = hooks;
    this.canvas = document.createElement("canvas");
    this.canvas.setAttribute("aria-hidden", "true");
    this.gd = /** @type {any} */ (document.createElement("div"));
    host.append(this.gd);
    /** @type {boolean | null} null before the browser has told */
    this.visible = null;
    this.hovered = false;
    /** the layer in focus lacks what it shows */
    this.empty = false;
    this.width = 0;
    this.height = 0;
    this.key = "";
    this.size = "";
    /** what is drawn under Plotly's axes follows them as they are now */
    this.attached = false;
    /** the figure must be laid out anew */
    this.stale = false;
    /** @type {Scene | null} */
    this.scene = null;
    /** @type {Figure | null} */
    this.figure = null;
    /** @type {(LinesPainter | RasterPainter)[]} */
    this.painters = [];
    this.shapes = view.shapes ? new ShapesPainter(this.canvas) : null;
    this.texts = view.labels ? new Texts(host) : null;
    this.cursors = new Cursors(host);
    this.epochs = 0;
    /** how many frames there were when the axes were last compared with them */
    this.checked = -1;
    /** how many drawn values had no place on their axis then */
    this.outside = 0;
    this.times = { key: 0, ranges: 0, labels: 0, repaint: 0, settle: 0, picked: -TWO_CLICKS };
    /** @type {import("../types").Look | null} */
    this.look = null;
    this.#listen();
  }

  #listen() {
    new IntersectionObserver(
      (entries) => {
        this.visible = entries[entries.length - 1].isIntersecting;
        if (this.visible) this.hooks.wake();
      },
      { rootMargin: "80px" },
    ).observe(this.host);
    // Sizes come from the observer: asking the element in a frame would make the browser lay out what was just
    // written.
    new ResizeObserver((entries) => {
      const { width, height } = entries[entries.length - 1].contentRect;
      [this.width, this.height] = [Math.round(width), Math.round(height)];
      this.hooks.wake();
    }).observe(this.host);
    this.host.addEventListener("pointerenter", () => {
      this.hovered = true;
      this.times.settle = 0;
      this.hooks.wake();
    });
    this.host.addEventListener("pointerleave", () => (this.hovered = false));
  }

  /**
   * Bring the chart to the scene. Returns whether more is to be done in a later frame.
   * @param {Scene} scene
   * @param {number} now milliseconds
   * @param {Budget} budget
   */
  tick(scene, now, budget) {
    if (!this.visible || this.width === 0 || this.empty) return false;
    this.stale = this.#mustLayOut(scene, now) || this.stale;
    if (this.stale) {
      if (budget.layouts <= 0) return true;
      budget.layouts--;
      this.#layOut(scene, this.hovered);
    }
    // The axes are looked at once more after the last frame has come.
    let later = this.#settleIfHovered(scene, now, budget) || this.#mayNotFit(scene);
    later = this.#move(scene, now, budget) || later;
    return later;
  }

  /** @param {Scene} scene @param {number} now */
  #mustLayOut(scene, now) {
    const size = `${this.width}x${this.height}`;
    const changed =
      size !== this.size ||
      !sameBesidesStep(this.look, scene.look) ||
      this.scene?.theme !== scene.theme ||
      this.scene?.span !== scene.span ||
      this.scene?.run.id !== scene.run.id ||
      this.scene?.t !== scene.t;
    this.scene = scene;
    if (!changed && now - this.times.key < KEY_EVERY) return false;
    this.times.key = now + (changed ? 0 : Math.random() * 60);
    this.look = scene.look;
    const key = this.view.key(scene);
    const due =
      key !== this.key || size !== this.size || (this.#mustCompare(scene, now) && !this.#rangesFit(scene, now));
    this.size = size;
    this.key = key;
    return due;
  }

  /** @param {Scene} scene @param {number} now */
  #mustCompare(scene, now) {
    const since = now - this.times.ranges;
    return since > RANGES_REST || (since > RANGES_EVERY && this.#mayNotFit(scene));
  }

  /**
   * Whether something came, since the axes were last compared with the values, that may not suit them.
   * @param {Scene} scene
   */
  #mayNotFit(scene) {
    if (this.checked === scene.history.count) return false;
    return this.view.fits || !isLive(scene.run) || this.#outside() !== this.outside;
  }

  /** How many values that were drawn have no place on their axis. */
  #outside() {
    let count = 0;
    for (const painter of this.painters) if (painter instanceof LinesPainter) count += painter.outside;
    return count;
  }

  /** Whether the axes drawn still suit the values. @param {Scene} scene @param {number} now */
  #rangesFit(scene, now) {
    this.times.ranges = now + Math.random() * 200;
    this.checked = scene.history.count;
    this.outside = this.#outside();
    if (!(this.view.series || this.view.fits) || !this.figure) return true;
    const fresh = this.view.figure(scene, false).layout;
    return Object.keys(fresh)
      .filter((name) => name.startsWith("yaxis"))
      .every((name) => {
        const drawn = this.figure?.layout[name]?.range;
        const wanted = fresh[name].range;
        if (!drawn || !wanted) return true;
        // A run that has ended has the axes of all its values, in whatever order they came.
        if (!isLive(scene.run)) return wanted[0] === drawn[0] && wanted[1] === drawn[1];
        const slack = 0.04 * (drawn[1] - drawn[0]);
        return (
          wanted[0] >= drawn[0] - slack &&
          wanted[1] <= drawn[1] + slack &&
          wanted[1] - wanted[0] > 0.5 * (drawn[1] - drawn[0])
        );
      });
  }

  /** @param {Scene} scene @param {boolean} settled */
  #layOut(scene, settled) {
    const figure = this.view.figure(scene, settled);
    figure.layout.width = this.width;
    figure.layout.height = this.height;
    figure.layout.uirevision = scene.run.id + scene.look.scale;
    const first = this.figure === null;
    this.figure = figure;
    this.stale = false;
    this.host.classList.toggle("painted", Boolean(this.view.series || this.view.rasters));
    this.attached = false;
    if (first) {
      plotly().newPlot(this.gd, figure.data, figure.layout, { ...CONFIG, ...plotlyLanguage(scene.t) });
      this.gd.on("plotly_afterplot", () => this.#attach());
      this.gd.on("plotly_click", (/** @type {any} */ event) => this.#picked(event));
    } else plotly().react(this.gd, figure.data, figure.layout, { ...CONFIG, ...plotlyLanguage(scene.t) });
    // Plotly tells of it at once, or only after this task: what lies under the axes does not wait for that.
    if (!this.attached) this.#attach();
  }

  /** The first click of two, which reset the zoom. @param {any} event */
  #picked(event) {
    const now = performance.now();
    const second = now - this.times.picked < TWO_CLICKS;
    this.times.picked = now;
    if (second) return;
    const look = this.scene && event.points?.[0] ? this.view.pick?.(this.scene, event.points[0]) : null;
    if (look) this.hooks.pick(look);
  }

  /** Read the axes anew, and draw everything on them. */
  #attach() {
    const scene = this.scene;
    if (!scene || !this.gd._fullLayout) return;
    this.attached = true;
    // Between Plotly's two pictures: above the grid, below titles and hover labels.
    const [below] = this.gd.querySelectorAll(".main-svg");
    if (below && below.nextSibling !== this.canvas) below.after(this.canvas);
    const ratio = globalThis.devicePixelRatio || 1;
    const width = Math.round(this.width * ratio);
    const height = Math.round(this.height * ratio);
    this.shapes?.attach(this.gd, this.width, this.height, ratio);
    this.texts?.attach(this.gd, this.view.labels?.(scene) ?? []);
    if (!this.shapes) {
      if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
      this.painters = this.#painters(scene, ratio);
      this.#repaint();
    }
    this.cursors.place(this.gd._fullLayout, new Set(this.painters.map((painter) => painter.axes)), scene.look.step);
    this.times.labels = 0;
    this.hooks.wake();
  }

  /** @param {Scene} scene @param {number} ratio @returns {(LinesPainter | RasterPainter)[]} */
  #painters(scene, ratio) {
    const context = this.#context();
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const layout = this.gd._fullLayout;
    const rasters = this.view.rasters?.(scene) ?? [];
    const series = this.view.series?.(scene) ?? [];
    return [
      ...rasters.map(
        (raster) =>
          new RasterPainter(
            context,
            raster,
            scene.history.stream(raster.stream),
            mappingOf(layout, raster.axes),
            ratio,
          ),
      ),
      ...groupLines(
        series,
        (group) =>
          new LinesPainter(context, group, scene.history.stream(group[0].stream), mappingOf(layout, group[0].axes)),
      ),
    ];
  }

  #repaint() {
    const context = this.#context();
    context.clearRect(0, 0, this.width, this.height);
    this.epochs = this.#epochs();
    for (const painter of this.painters) {
      painter.drawn = 0;
      do painter.advance();
      while (
        // While someone points, it is laid out again and again: what was there stays there.
        this.hovered &&
        painter.drawn < painter.stream.count
      );
    }
  }

  #epochs() {
    let sum = 0;
    for (const painter of this.painters) sum += painter.stream.epoch;
    return sum;
  }

  /** @param {Scene} scene @param {number} now @param {{layouts: number}} budget */
  #settleIfHovered(scene, now, budget) {
    if (!this.hovered || now - this.times.settle < SETTLE_EVERY) return this.hovered && scene.look.step === null;
    if (budget.layouts <= 0) return true;
    budget.layouts--;
    this.times.settle = now;
    this.#layOut(scene, true);
    return false;
  }

  /** What changes from frame to frame. @param {Scene} scene @param {number} now @param {Budget} budget */
  #move(scene, now, budget) {
    let later = this.#paint(now, budget);
    this.#shape(scene);
    if (this.view.labels && now - this.times.labels >= LABELS_EVERY) {
      this.times.labels = now;
      for (const label of this.view.labels(scene)) this.texts?.write(label);
    } else if (this.view.labels) later = true;
    this.cursors.move(scene.look.step);
    return later;
  }

  /** Lines and cells. Returns whether some wait for a later frame. @param {number} now @param {Budget} budget */
  #paint(now, budget) {
    if (this.epochs !== this.#epochs()) {
      if (now - this.times.repaint <= REPAINT_EVERY || budget.repaints-- <= 0) {
        if (this.#behind() && budget.advances-- > 0) this.#advance();
        return true;
      }
      const from = performance.now();
      this.#repaint();
      // While a whole history comes in, from its end to its start, painting it anew takes a tenth of the time at most.
      this.times.repaint = now + Math.max(0, REPAINT_SHARE * (performance.now() - from) - REPAINT_EVERY);
      return this.#behind();
    }
    if (!this.#behind()) return false;
    if (budget.advances-- <= 0) return true;
    this.#advance();
    return this.#behind();
  }

  /**
   * How many frames of a stream it shows; as many as there are where nobody sees it.
   * @param {import("../stream/history.js").StreamHistory} stream
   */
  drawn(stream) {
    if (this.visible === false || this.empty) return stream.count;
    if (this.figure === null) return 0;
    return Math.min(
      stream.count,
      ...this.painters.filter((painter) => painter.stream === stream).map((painter) => painter.drawn),
    );
  }

  #behind() {
    return this.painters.some((painter) => painter.drawn < painter.stream.count);
  }

  /** Cells under lines come first; new ones hide the last stretch of the lines, which is drawn again. */
  #advance() {
    const layered = this.painters.some((painter) => painter instanceof RasterPainter);
    for (const painter of this.painters) {
      if (layered && painter instanceof LinesPainter && painter.drawn > 0 && painter.drawn < painter.stream.count)
        painter.drawn--;
      painter.advance();
    }
  }

  /** @param {Scene} scene */
  #shape(scene) {
    if (!this.shapes || !this.view.shapes) return;
    const shapes = this.view.shapes(scene);
    this.shapes.draw(shapes);
    if (this.hovered) tellPlotly(this.gd, shapes);
  }

  #context() {
    return /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
  }

  /** Let Plotly draw everything itself from the data as it is now. */
  settle() {
    if (this.scene && this.figure) this.#layOut(this.scene, true);
  }

  /**
   * The chart as a picture.
   * @param {"png" | "svg"} format
   * @param {Scene} scene
   * @returns {Promise<string>} data URL
   */
  picture(format, scene) {
    const figure = this.view.figure(scene, true);
    Object.assign(figure.layout, { paper_bgcolor: scene.theme.surface, plot_bgcolor: scene.theme.surface });
    const size = { width: this.width, height: this.height };
    return plotly().toImage(
      { data: figure.data, layout: figure.layout, config: CONFIG },
      { format, scale: format === "png" ? 2 : 1, ...size },
    );
  }

  destroy() {
    if (this.figure) plotly().purge(this.gd);
    this.shapes?.destroy();
    this.host.replaceChildren();
  }
}
