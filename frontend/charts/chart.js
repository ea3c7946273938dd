/**
 * One chart. Plotly draws axes, hover, zoom and export; what moves every frame is painted on a canvas that lies under
 * its axes, and settled with a call when someone looks closely.
 */

import { sameBesidesStep } from "../views/focus.js";
import { AxesCheck } from "./axes-check.js";
import { PaintedCanvas } from "./canvas.js";
import { observeHost } from "./host-observer.js";
import { CONFIG, plotly } from "./library.js";
import { Cursors } from "./painting/cursors.js";
import { layBetween } from "./painting/mapping.js";
import { ShapesPainter, tellPlotly } from "./painting/shapes.js";
import { Texts } from "./painting/texts.js";
import { takePicture } from "./picture.js";
import { doubleClick, followPointer } from "./pointing.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").View} View */
/**
 * @typedef {{layouts: number, repaints: number, advances: number}} Budget how many charts may still be laid out,
 *   painted anew, and go on in this frame
 */

const KEY_EVERY = 1500;
const SETTLE_EVERY = 1000;

export class Chart {
  /**
   * @param {HTMLElement} host an empty element with a size of its own
   * @param {View} view
   * @param {{pick: (selection: Partial<import("../types").Selection>) => void, wake: () => void,
   *   zoom: (range: [number, number] | null) => void}} hooks
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
    /** @type {import("../types").Figure | null} */
    this.figure = null;
    this.axes = new AxesCheck(view);
    this.shapes = view.shapes ? new ShapesPainter(this.canvas) : null;
    this.painted = view.shapes ? null : new PaintedCanvas(this.canvas);
    this.texts = view.labels ? new Texts(host, view.labels) : null;
    this.cursors = new Cursors(host, view);
    this.times = { key: 0, settle: 0 };
    /** how many frames there were when it was last drawn by Plotly, for who points at it */
    this.settledCount = -1;
    /** @type {import("../types").Selection | null} */
    this.selection = null;
    this.#observe();
  }

  #observe() {
    const wake = () => this.hooks.wake();
    observeHost(this.host, {
      seen: (visible) => {
        this.visible = visible;
        wake();
      },
      sized: (width, height) => {
        [this.width, this.height] = [width, height];
        wake();
      },
      hovered: (hovered) => {
        this.hovered = hovered;
        if (hovered) this.times.settle = 0;
        wake();
      },
    });
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
    const later = this.#settleIfHovered(scene, now, budget) || this.axes.mayNotFit(scene, this.#outside);
    return this.#move(scene, now, budget) || later;
  }

  /** Whether what can be seen of it is drawn to the last value. @param {Scene} scene */
  atRest(scene) {
    if (this.empty || this.visible === false) return true;
    return this.figure !== null && !this.stale && !this.painted?.behind && !this.axes.mustCompareLast(scene);
  }

  /** @param {Scene} scene @param {number} now */
  #mustLayOut(scene, now) {
    const size = `${this.width}x${this.height}`;
    const changed =
      size !== this.size ||
      !sameBesidesStep(this.selection, scene.selection) ||
      this.scene?.theme !== scene.theme ||
      this.scene?.span !== scene.span ||
      this.scene?.run.id !== scene.run.id ||
      this.scene?.t !== scene.t;
    this.scene = scene;
    if (!changed && now - this.times.key < KEY_EVERY && !this.axes.mustCompareLast(scene)) return false;
    this.times.key = now + (changed ? 0 : Math.random() * 60);
    this.selection = scene.selection;
    const key = this.view.key(scene);
    const due = key !== this.key || size !== this.size || this.axes.fails(scene, now, this.#outside, this.figure);
    this.size = size;
    this.key = key;
    return due;
  }

  get #outside() {
    return this.painted?.outside ?? 0;
  }

  /** @param {Scene} scene @param {boolean} settled */
  #layOut(scene, settled) {
    const figure = this.view.figure(scene, settled);
    Object.assign(figure.layout, { width: this.width, height: this.height });
    figure.layout.uirevision = [
      scene.run.id,
      ...(this.view.choices ?? []).map((name) => scene.selection.choices[name]),
    ].join();
    const first = this.figure === null;
    this.figure = figure;
    this.stale = false;
    this.host.classList.toggle("painted", Boolean(this.view.series || this.view.rasters));
    this.attached = false;
    const config = { ...CONFIG, ...doubleClick(figure) };
    if (first) {
      plotly().newPlot(this.gd, figure.data, figure.layout, config);
      const { zoom } = this.hooks;
      const pick = (/** @type {any} */ point) => {
        const selection = this.scene && this.view.pick?.(this.scene, point);
        if (selection) this.hooks.pick(selection);
      };
      followPointer(this.gd, { figure: () => this.figure, zoom, pick });
      this.gd.on("plotly_afterplot", () => this.#attach());
    } else plotly().react(this.gd, figure.data, figure.layout, config);
    // Plotly tells of it at once, or only after this task: what lies under the axes does not wait for that.
    if (!this.attached) this.#attach();
  }

  /** Read the axes anew, and draw everything on them. */
  #attach() {
    const scene = this.scene;
    if (!scene || !this.gd._fullLayout) return;
    this.attached = true;
    layBetween(this.gd, [this.canvas, this.texts?.layer]);
    // Presented, the whole card is larger than its own pixels. Else nobody asks: the browser would lay out the page.
    const presented = this.gd.closest("[data-presented]") !== null;
    const scale = (presented && this.gd.getBoundingClientRect().width / this.gd.offsetWidth) || 1;
    const size = { width: this.width, height: this.height, ratio: (globalThis.devicePixelRatio || 1) * scale };
    this.shapes?.attach(this.gd, size.width, size.height, size.ratio);
    this.texts?.attach(this.gd, scene);
    // While someone points, it is laid out again and again: what was there stays there.
    this.painted?.attach(scene, this.view, this.gd._fullLayout, size, this.hovered);
    const { painted } = this;
    this.cursors.place(this.gd._fullLayout, painted?.subplots ?? new Set(), scene, (axes, step) =>
      painted ? painted.placeOf(axes, step) : step,
    );
    this.hooks.wake();
  }

  /** @param {Scene} scene @param {number} now @param {{layouts: number}} budget */
  #settleIfHovered(scene, now, budget) {
    if (!this.hovered) return false;
    if (now - this.times.settle < SETTLE_EVERY)
      return scene.selection.step === null && this.settledCount !== scene.history.count;
    if (budget.layouts <= 0) return true;
    budget.layouts--;
    this.times.settle = now;
    this.settledCount = scene.history.count;
    this.#layOut(scene, true);
    return false;
  }

  /** What changes from frame to frame. @param {Scene} scene @param {number} now @param {Budget} budget */
  #move(scene, now, budget) {
    let later = this.painted?.paint(now, budget, this.hovered) ?? false;
    this.#shape(scene);
    later = this.texts?.follow(scene, now) || later;
    return this.cursors.move(scene, now) || later;
  }

  /**
   * How many frames of a stream it shows; as many as there are where nobody sees it.
   * @param {import("../stream/history.js").StreamHistory} stream
   */
  drawn(stream) {
    if (this.visible === false || this.empty) return stream.count;
    if (this.figure === null) return 0;
    return this.painted?.drawn(stream) ?? stream.count;
  }

  /** @param {Scene} scene */
  #shape(scene) {
    if (!this.shapes || !this.view.shapes) return;
    const shapes = this.view.shapes(scene);
    this.shapes.draw(shapes);
    if (this.hovered) tellPlotly(this.gd, shapes, this.view.hovers?.(scene) ?? []);
  }

  /**
   * The chart as a picture.
   * @param {"png" | "svg"} format
   * @param {Scene} scene
   * @returns {Promise<string>} data URL
   */
  picture(format, scene) {
    return takePicture(this.view, scene, { width: this.width, height: this.height }, format);
  }

  destroy() {
    if (this.figure) plotly().purge(this.gd);
    this.shapes?.destroy();
    this.host.replaceChildren();
  }
}
