/**
 * Texts over a chart that change as it moves: they lie above what is painted, where Plotly has hidden ones of its own.
 */

import { hideTrace, mappingOf, pixelOf } from "./mapping.js";

/** @typedef {import("../../types").Label} Label */
/** @typedef {import("../../types").Scene} Scene */

const WRITE_EVERY = 140;
/** From one line of a text to the next, in heights of its letters. */
const LINE = 1.3;

export class Texts {
  /**
   * @param {HTMLElement} host
   * @param {(scene: Scene) => Label[]} labels
   */
  constructor(host, labels) {
    this.labels = labels;
    this.written = 0;
    /** @type {unknown[]} what the texts were written of */
    this.sources = [];
    this.layer = document.createElement("div");
    this.layer.className = "texts";
    this.layer.setAttribute("aria-hidden", "true");
    host.append(this.layer);
    /** @type {Map<number, HTMLElement[]>} by trace */
    this.elements = new Map();
  }

  /**
   * Make them anew where the axes stand now.
   * @param {any} gd
   * @param {Scene} scene
   */
  attach(gd, scene) {
    this.written = 0;
    this.layer.replaceChildren();
    this.elements = new Map(
      this.labels(scene).map(({ trace, texts }) => {
        const full = gd._fullData[trace];
        hideTrace(gd, full);
        const mapping = mappingOf(gd._fullLayout, full.xaxis + full.yaxis);
        return [trace, texts.map((text, i) => this.#element(full, mapping, i, text))];
      }),
    );
  }

  /**
   * @param {any} trace of gd._fullData
   * @param {import("../../types").Mapping} mapping
   * @param {number} i
   * @param {string} text
   */
  #element(trace, { x, y }, i, text) {
    const element = document.createElement("span");
    element.textContent = text;
    const left = x.offset + pixelOf(x, trace.x[i]);
    const before = trace.textposition[i].endsWith("left");
    // Lines under each other are as far apart as their letters are high, however low the chart is.
    const under = trace.meta?.lines ? 0 : i;
    Object.assign(element.style, {
      top: `calc(${y.offset + pixelOf(y, trace.y[under])}px + ${LINE * (i - under)}em)`,
      ...(before ? { right: `calc(100% - ${left}px)` } : { left: `${left}px` }),
      color: trace.textfont.color[i],
      fontSize: `${trace.textfont.size[i]}px`,
      fontFamily: trace.textfont.family,
    });
    this.layer.append(element);
    return element;
  }

  /**
   * Write what has changed, now and then. Returns whether some is yet to be written: only then, since of two charts
   * with texts one would wait for the other for ever.
   * @param {Scene} scene
   * @param {number} now milliseconds
   */
  follow(scene, now) {
    const sources = [scene.history.count, scene.selection, scene.events, scene.run.interventions];
    if (this.written > 0 && sources.every((one, i) => one === this.sources[i])) return false;
    if (now - this.written < WRITE_EVERY) return true;
    this.written = now;
    this.sources = sources;
    for (const label of this.labels(scene)) this.#write(label);
    return false;
  }

  /** @param {Label} label */
  #write({ trace, texts }) {
    this.elements.get(trace)?.forEach((element, i) => {
      if (element.textContent !== texts[i]) element.textContent = texts[i];
    });
  }
}
