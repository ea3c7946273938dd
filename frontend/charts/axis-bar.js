/** What all charts along the run have in common: what their axis counts, its stretch, and how smooth lines are. */

import { h, setText, svg } from "../app/dom.js";
import { SMOOTHING } from "../views/lines.js";
import { LINEAR, runAxisKind, runAxisKinds, VALUES, wholeRange, zoomOf, zoomText } from "../views/run-axis.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").Translate} Translate */
/** @typedef {[number, number]} Range */

/** Where the slider of smoothness stands: how many values a mean is over. The third is the usual one. */
const SMOOTH = ["1", "5", null, "50", "150", "500"];
const USUAL = SMOOTH.indexOf(null);

const ICONS = {
  out: "M5 10h10",
  in: "M5 10h10M10 5v10",
  left: "M12.5 5l-5 5 5 5",
  right: "M7.5 5l5 5-5 5",
};

/**
 * A stretch within the whole run; null where it would be all of it. Both may run downwards, as an axis of losses does.
 * @param {Range} range @param {Range} whole @returns {Range | null}
 */
function within([from, to], [first, last]) {
  const way = last > first ? 1 : -1;
  const width = Math.abs(to - from);
  if (width >= Math.abs(last - first)) return null;
  if (way * (from - first) < 0) return [first, first + way * width];
  if (way * (to - last) > 0) return [last - way * width, last];
  return [from, to];
}

/** @type {Record<keyof typeof ICONS, (range: Range) => Range>} */
const MOVES = {
  out: ([from, to]) => [from - (to - from) / 2, to + (to - from) / 2],
  in: ([from, to]) => [from + (to - from) / 4, to - (to - from) / 4],
  left: ([from, to]) => [from - (to - from) / 2, to - (to - from) / 2],
  right: ([from, to]) => [from + (to - from) / 2, to + (to - from) / 2],
};

export class AxisBar {
  /**
   * @param {HTMLElement} root
   * @param {{dispatch: (action: import("../app/store.js").Action) => void, scene: () => Scene | null}} host
   */
  constructor(root, host) {
    this.root = root;
    this.host = host;
    /** @type {ReturnType<AxisBar["make"]> | null} */
    this.parts = null;
    this.drawn = "";
    /** @type {unknown[]} that on which it depends, when it was last looked after */
    this.seen = [];
  }

  /** @param {string} name @param {string | null} value */
  #choose(name, value) {
    this.host.dispatch({ type: "choose", name, value });
  }

  /** @param {keyof typeof ICONS} move */
  #zoom(move) {
    const scene = this.host.scene();
    if (!scene) return;
    const whole = wholeRange(scene);
    const range = within(MOVES[move](zoomOf(scene) ?? whole), whole);
    this.#choose("zoom", range && zoomText(range));
  }

  /** Called in every frame: it is drawn anew where something of it changed. @param {Scene} scene */
  follow(scene) {
    const { choices } = scene.selection;
    const seen = [choices, scene.t, scene.layoutIndex, scene.run.steps_per_epoch];
    if (seen.every((one, i) => one === this.seen[i])) return;
    this.seen = seen;
    const kinds = runAxisKinds(scene).join();
    const now = [scene.t("locale"), kinds, runAxisKind(scene), choices.zoom, choices[SMOOTHING], choices[VALUES]].join(
      "|",
    );
    if (now === this.drawn) return;
    const [locale, known] = this.drawn.split("|");
    if (!this.parts || locale !== scene.t("locale") || known !== kinds) this.parts = this.make(scene);
    this.drawn = now;
    const { kind, values, slider, over, reset, stretch } = this.parts;
    kind.value = runAxisKind(scene);
    values.value = choices[VALUES] === LINEAR ? LINEAR : "";
    const at = SMOOTH.indexOf(choices[SMOOTHING] ?? null);
    slider.value = String(at < 0 ? USUAL : at);
    const said = smoothText(scene.t, choices[SMOOTHING] ?? null);
    setText(over, said);
    slider.setAttribute("aria-valuetext", said);
    const zoom = zoomOf(scene);
    reset.hidden = zoom === null;
    setText(stretch, zoom ? stretchText(scene, zoom) : "");
  }

  /** @param {Scene} scene */
  make(scene) {
    const { t } = scene;
    const kind = h("select", {}, ...runAxisKinds(scene).map((value) => h("option", { value }, t(`x.${value}`))));
    kind.addEventListener("change", () => {
      this.#choose("zoom", null);
      this.#choose("x", kind.value === "step" ? null : kind.value);
    });
    const values = h(
      "select",
      {},
      h("option", { value: "" }, t("y.log")),
      h("option", { value: LINEAR }, t("y.linear")),
    );
    values.addEventListener("change", () => this.#choose(VALUES, values.value || null));
    const slider = h("input", { type: "range", min: "0", max: String(SMOOTH.length - 1), step: "1" });
    slider.addEventListener("input", () => this.#choose(SMOOTHING, SMOOTH[Number(slider.value)]));
    const over = h("output", {});
    const stretch = h("span", {});
    const reset = h("button", { type: "button", on: { click: () => this.#choose("zoom", null) } }, t("zoom.reset"));
    const buttons = /** @type {(keyof typeof ICONS)[]} */ (Object.keys(ICONS)).map((move) => {
      const title = t(`zoom.${move}`);
      const icon = svg("svg", { viewBox: "0 0 20 20", "aria-hidden": "true" }, svg("path", { d: ICONS[move] }));
      return h("button", { type: "button", title, ariaLabel: title, on: { click: () => this.#zoom(move) } }, icon);
    });
    const all = [
      h("label", {}, t("x"), kind),
      h("label", {}, t("y"), values),
      h("span", { role: "group", "aria-label": t("zoom"), class: "zoom" }, t("zoom"), ...buttons, stretch, reset),
      h("label", {}, t("smoothing"), slider, over),
    ];
    // Where there is little room they are folded away.
    const folded = h("details", { open: !scene.narrow }, h("summary", {}, t("axis_bar")), ...all);
    this.root.replaceChildren(folded);
    return { kind, values, slider, over, reset, stretch };
  }
}

/** @param {Translate} t @param {string | null} over */
const smoothText = (t, over) =>
  over === null ? t("smoothing.auto") : over === "1" ? t("smoothing.off") : t("smoothing.over", { count: over });

/** @param {Scene} scene @param {Range} zoom */
function stretchText(scene, zoom) {
  const log = runAxisKind(scene) === "loss";
  const [from, to] = zoom.map((end) =>
    Number((log ? 10 ** end : end).toPrecision(3)).toLocaleString(scene.t("locale")),
  );
  return `${from} – ${to}`;
}
