/** The charts on paper: while the page is printed each stands at the page's width, with its title, run and legend. */

import { h } from "../app/dom.js";
import { setTheme } from "../app/theme.js";
import { CONFIG, plotly } from "./library.js";
import { pictured } from "./picture.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").View} View */

/** What a page holds, in CSS pixels: a sheet's width less its margins. */
const WIDTH = 700;
const HEIGHTS = { tall: 560, deep: 380, wide: 300, small: 300 };

/**
 * @param {HTMLElement} root holds them while they are printed
 * @param {{scene: () => Scene | null, views: () => View[]}} host `views` are those that are shown
 */
export function printCharts(root, { scene: sceneNow, views }) {
  /** @type {string | undefined} the page's theme, which paper does not have */
  let before;

  function clear() {
    for (const gd of root.children) plotly().purge(gd);
    root.replaceChildren();
    if (before) setTheme(before);
    before = undefined;
  }

  addEventListener("beforeprint", () => {
    clear();
    const now = sceneNow();
    if (!now) return;
    before = now.theme.name;
    const scene = { ...now, theme: setTheme("light"), narrow: false };
    for (const view of views()) if (view.available(scene)) draw(root, view, scene);
  });
  addEventListener("afterprint", clear);
}

/** @param {HTMLElement} root @param {View} view @param {Scene} scene */
function draw(root, view, scene) {
  const { data, layout, head } = pictured(view, scene, WIDTH);
  const gd = h("div", { "data-printed": view.id });
  root.append(gd);
  const size = { width: WIDTH, height: HEIGHTS[view.size ?? "small"] + head };
  plotly().newPlot(gd, data, { ...layout, ...size }, { ...CONFIG, staticPlot: true });
}
