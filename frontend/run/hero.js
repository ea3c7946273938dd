/** The recording on the first page: some seconds of the default run, made by docs/hero.py, again and again. */

import { h, setText, svg } from "../app/dom.js";
import { named } from "../app/i18n.js";

/** @typedef {import("../types").Translate} Translate */
/**
 * @typedef {{networks: string[], layers: string[], steps: number[], reach: number, bins: number, tallest: number,
 *   heights: string}} Recorded `heights`: base64 of a byte for each frame, network, layer and bin
 * @typedef {{recorded: Recorded, heights: Uint8Array, shapes: SVGElement[]}} Drawn
 */

const SECONDS = 10;
/** How long the last frame stands before it begins anew. */
const HOLD = 2;
const [LEFT, TOP, WIDTH, GAP, ROW, TALL] = [78, 40, 190, 14, 46, 44];

/** @returns {Promise<Recorded>} */
async function fetchRecorded() {
  const answer = await fetch(new URL("../hero.json", import.meta.url));
  return answer.json();
}

/** @param {number} network */
const colored = (network) => ({ class: network ? "batch" : "none" });

/** Where a network's panel begins. @param {number} network */
const panelAt = (network) => LEFT + network * (WIDTH + GAP);

/**
 * The outline of a layer in a frame, as a path.
 * @param {Drawn} drawn @param {number} frame @param {number} network @param {number} layer
 */
function pathOf({ recorded, heights }, frame, network, layer) {
  const { networks, layers, bins, tallest } = recorded;
  const base = TOP + (layers.length - layer) * ROW;
  const left = panelAt(network);
  const first = ((frame * networks.length + network) * layers.length + layer) * bins;
  let path = `M${left},${base}`;
  for (let bin = 0; bin < bins; bin++) {
    const height = ((heights[first + bin] / 255) * tallest * TALL) / tallest;
    path += `L${(left + ((bin + 0.5) * WIDTH) / bins).toFixed(1)},${(base - height).toFixed(1)}`;
  }
  return `${path}L${left + WIDTH},${base}Z`;
}

/** @param {number} x @param {number} y @param {string} text @param {string} [anchor] @param {object} [more] */
const label = (x, y, text, anchor = "middle", more = {}) =>
  svg("text", { x, y, "text-anchor": anchor, ...more }, new Text(text));

/** What stands around the shapes: networks, layers, the axis. @param {Recorded} recorded @param {Translate} t */
function labelsOf({ networks, layers, reach }, t) {
  const bottom = TOP + layers.length * ROW;
  return [
    ...networks.map((name, i) => label(panelAt(i) + WIDTH / 2, 16, named(name, t), "middle", colored(i))),
    ...layers.map((name, i) => label(LEFT - 8, TOP + (layers.length - i) * ROW - 4, named(name, t), "end")),
    label(LEFT - 8, TOP - 22, t("hero.output"), "end", { class: "end" }),
    label(LEFT - 8, bottom + 17, t("hero.input"), "end", { class: "end" }),
    ...networks.flatMap((_, i) =>
      [-reach, 0, reach].map((sigmas, at) =>
        label(
          panelAt(i) + (at * WIDTH) / 2,
          bottom + 17,
          sigmas ? `${sigmas < 0 ? "−" : "+"}${reach}${t("ridge.sigma")}` : "0",
          ["start", "middle", "end"][at],
        ),
      ),
    ),
  ];
}

/** The whole drawing, in its first frame. @param {Recorded} recorded @param {Translate} t */
function draw(recorded, t) {
  const heights = Uint8Array.from(atob(recorded.heights), (letter) => letter.charCodeAt(0));
  /** @type {Drawn} */
  const drawn = { recorded, heights, shapes: [] };
  const parts = recorded.networks.flatMap((_, network) =>
    // The lowest layer stands before those above it.
    recorded.layers
      .map((__, i) => recorded.layers.length - 1 - i)
      .flatMap((layer) => {
        const d = pathOf(drawn, 0, network, layer);
        const shape = svg("path", { ...colored(network), d });
        drawn.shapes[network * recorded.layers.length + layer] = shape;
        return [shape, svg("path", { class: "outline", d })];
      }),
  );
  const size = `0 0 ${panelAt(recorded.networks.length)} ${TOP + recorded.layers.length * ROW + 24}`;
  const picture = svg(
    "svg",
    { viewBox: size, role: "img", "aria-label": t("welcome.picture") },
    ...parts,
    ...labelsOf(recorded, t),
  );
  return { drawn, picture };
}

/** What the styles of the drawing mean. @param {Translate} t */
const legendOf = (t) =>
  h("p", { class: "key" }, h("span", { class: "now" }), t("hero.now"), h("span", { class: "start" }), t("hero.start"));

export class Hero {
  /** @param {() => Promise<Recorded>} [load] */
  constructor(load = fetchRecorded) {
    this.load = load;
    /** @type {Promise<Recorded> | null} */
    this.loading = null;
    /** @type {Drawn | null} */
    this.drawn = null;
    this.playing = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.asked = false;
    this.frame = -1;
    /** milliseconds into the recording, and the clock at the frame before */
    this.at = 0;
    this.before = 0;
    this.element = h("figure", { class: "recorded" });
    this.step = h("span", { class: "at" });
    this.button = h("button", { type: "button", class: "plain", on: { click: () => this.#toggle() } });
  }

  /** Make the figure, in a language. @param {Translate} t */
  async show(t) {
    this.t = t;
    this.element.replaceChildren();
    this.loading ??= this.load();
    const recorded = await this.loading.catch(() => null);
    // Without its recording the page welcomes all the same.
    if (!recorded || this.t !== t) return;
    const { drawn, picture } = draw(recorded, t);
    this.drawn = drawn;
    this.frame = -1;
    this.element.replaceChildren(
      picture,
      legendOf(t),
      h("figcaption", {}, t("hero.caption")),
      h("p", { class: "player" }, this.button, this.step),
    );
    this.#drawFrame(this.playing ? 0 : recorded.steps.length - 1);
    this.#drawButton();
    this.wake();
  }

  #toggle() {
    this.playing = !this.playing;
    this.before = 0;
    this.#drawButton();
    this.wake();
  }

  #drawButton() {
    if (this.t) setText(this.button, this.t(this.playing ? "hero.pause" : "hero.play"));
  }

  /** Go on, while it is seen. */
  wake() {
    if (this.asked || !this.playing || !this.drawn) return;
    this.asked = true;
    requestAnimationFrame((now) => {
      this.asked = false;
      this.#advance(now);
    });
  }

  /** @param {number} now */
  #advance(now) {
    if (!this.drawn || !this.element.checkVisibility()) {
      this.before = 0;
      return;
    }
    this.at = (this.at + (this.before ? now - this.before : 0)) % (1000 * (SECONDS + HOLD));
    this.before = now;
    const last = this.drawn.recorded.steps.length - 1;
    this.#drawFrame(Math.min(last, Math.floor((this.at / 1000 / SECONDS) * last)));
    this.wake();
  }

  /** @param {number} frame */
  #drawFrame(frame) {
    if (!this.drawn || frame === this.frame) return;
    this.frame = frame;
    const { recorded, shapes } = this.drawn;
    for (const [i, shape] of shapes.entries()) {
      const network = Math.floor(i / recorded.layers.length);
      shape.setAttribute("d", pathOf(this.drawn, frame, network, i % recorded.layers.length));
    }
    const [step, total] = [recorded.steps[frame], recorded.steps[recorded.steps.length - 1]];
    if (this.t) setText(this.step, this.t("progress.of", { step, total }));
  }
}
