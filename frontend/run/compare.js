/** Two runs side by side: each in a frame of its own, layer, step and comparison shared between them. */

import { h } from "../app/dom.js";
import { writeLink } from "../app/link.js";
import { runName } from "../app/server-messages.js";
import { describe } from "./describe.js";

/** @typedef {import("../types").Look} Look */

/**
 * What a page has sent to its frame, or a frame to its page; null for any other message.
 * @param {MessageEvent} event
 */
const lookOf = ({ origin, data }) =>
  origin === location.origin && data?.shiftscope === "look" ? /** @type {Partial<Look>} */ (data.look) : null;

/** @param {Window} to @param {Partial<Look>} look */
const sendLook = (to, look) => to.postMessage({ shiftscope: "look", look }, location.origin);

/**
 * Inside a frame: send the surrounding page what is chosen, and follow what it sends.
 * @param {import("../app/store.js").Store} store
 */
export function followParent(store) {
  if (window.parent === window) return;
  let shared = "";
  store.listen((now, before) => {
    const text = JSON.stringify(now.look);
    if (now.look === before.look || text === shared) return;
    shared = text;
    sendLook(window.parent, now.look);
  });
  addEventListener("message", (event) => {
    const look = event.source === window.parent ? lookOf(event) : null;
    if (!look) return;
    shared = JSON.stringify({ ...store.state.look, ...look });
    store.dispatch({ type: "look", look });
  });
}

/** A run in words, once it is known. @param {string} id @param {import("../app/state.js").State} state */
function wordsOf(id, { runs, t }) {
  const run = runs?.find((one) => one.id === id);
  return run ? `${runName(run, t)} · ${describe(run, t)}` : id;
}

/**
 * Show two runs side by side.
 * @param {HTMLElement} root
 * @param {string[]} runs
 * @param {import("../app/state.js").State} state
 */
export function drawPair(root, runs, state) {
  const { look, t, theme } = state;
  const frames = runs.map((run) => {
    const src = writeLink(run, look, { embed: true, language: t("locale"), theme: theme.name });
    return h("iframe", { title: wordsOf(run, state), src });
  });
  root.replaceChildren(...frames.map((frame) => h("figure", {}, h("figcaption", {}, frame.title), frame)));
  addEventListener("message", (event) => {
    const shared = lookOf(event);
    if (!shared) return;
    for (const { contentWindow } of frames)
      if (contentWindow && contentWindow !== event.source) sendLook(contentWindow, shared);
  });
}
