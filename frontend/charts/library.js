/** Plotly, a script of its own, and the thread that paints: loaded while the page is set up. */

import { ShapesPainter } from "./painting/shapes.js";

/** How Plotly is to behave: zoom and labels, no bar of its own, nothing sent anywhere. */
export const CONFIG = {
  displayModeBar: false,
  displaylogo: false,
  showSendToCloud: false,
  doubleClick: "reset",
  showTips: false,
  responsive: false,
};

/** How often Plotly is asked for again, after how many milliseconds: a network that changes ends what is under way. */
const RETRIES = 2;
const RETRY_AFTER = 500;

/** Plotly, once it is there. @returns {any} */
export const plotly = () => /** @type {any} */ (globalThis).Plotly;

/**
 * Run Plotly's script, which the page has fetched ahead, and start the thread that paints.
 * @param {() => void} ready
 * @param {(file: string) => void} failed told which file could not be loaded
 */
export function loadCharts(ready, failed) {
  // What goes wrong in the thread later comes as an ErrorEvent.
  ShapesPainter.start().addEventListener("error", (event) => {
    if (!(event instanceof ErrorEvent)) failed("charts/painting/shapes-worker.js");
  });
  loadPlotly(ready, failed, RETRIES);
}

/** @param {() => void} ready @param {(file: string) => void} failed @param {number} retries */
function loadPlotly(ready, failed, retries) {
  if (plotly()) return ready();
  // The page's first script may have asked for it already.
  const known = /** @type {HTMLScriptElement | null} */ (document.querySelector("script[data-library]"));
  const script = known ?? document.createElement("script");
  script.addEventListener("load", ready);
  script.addEventListener("error", () => {
    script.remove();
    if (retries) setTimeout(loadPlotly, RETRY_AFTER, ready, failed, retries - 1);
    else failed("plotly.min.js");
  });
  if (known) return;
  script.dataset.library = "";
  script.src = new URL("../plotly.min.js", import.meta.url).href;
  document.head.append(script);
}
