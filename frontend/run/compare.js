/** Two runs side by side: each in a frame of its own, layer, step and comparison shared between them. */

import { h } from "../app/dom.js";
import { writeLink } from "../app/link.js";

/** @typedef {import("../types").Look} Look */

/**
 * Inside a frame: tell the surrounding page what is looked at, and follow what it says.
 * @param {import("../app/store.js").Store} store
 */
export function followParent(store) {
  if (window.parent === window) return;
  let told = "";
  store.listen((now, before) => {
    const text = JSON.stringify(now.look);
    if (now.look === before.look || text === told) return;
    told = text;
    window.parent.postMessage({ shiftscope: "look", look: now.look }, location.origin);
  });
  addEventListener("message", (event) => {
    if (event.origin !== location.origin || event.source !== window.parent || event.data?.shiftscope !== "look")
      return;
    told = JSON.stringify({ ...store.state.look, ...event.data.look });
    store.dispatch({ type: "look", look: event.data.look });
  });
}

/**
 * Show two runs side by side.
 * @param {HTMLElement} root
 * @param {string[]} runs
 * @param {Look} look
 * @param {{language: string, theme: "light" | "dark", names: string[]}} kept
 */
export function drawPair(root, runs, look, { language, theme, names }) {
  const frames = runs.map((run, i) =>
    h("iframe", { title: names[i], src: writeLink(run, look, { embed: true, language, theme }) }),
  );
  root.replaceChildren(...frames.map((frame, i) => h("figure", {}, h("figcaption", {}, names[i]), frame)));
  addEventListener("message", (event) => {
    if (event.origin !== location.origin || event.data?.shiftscope !== "look") return;
    for (const frame of frames) {
      if (frame.isConnected && frame.contentWindow !== event.source)
        frame.contentWindow?.postMessage(event.data, location.origin);
    }
  });
}
