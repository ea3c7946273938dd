/**
 * Runs side by side: their curves on one pair of axes, and below each run in a frame of its own, layer, step and
 * comparison shared between them.
 */

import { h } from "../app/dom.js";
import { writeLink } from "../app/link.js";
import { runName } from "../app/server-messages.js";
import { leftOut, MOST_COMPARED } from "../app/state.js";
import { describe } from "./describe.js";
import { overlaid } from "./overlaid.js";

/** @typedef {import("../types").Selection} Selection */

/**
 * What a page has sent to its frame, or a frame to its page; null for any other message.
 * @param {MessageEvent} event
 */
const selectionOf = ({ origin, data }) =>
  origin === location.origin && data?.shiftscope === "selection"
    ? /** @type {Partial<Selection>} */ (data.selection)
    : null;

/** @param {Window} to @param {Partial<Selection>} selection */
const sendSelection = (to, selection) => to.postMessage({ shiftscope: "selection", selection }, location.origin);

/**
 * Inside a frame: send the surrounding page what is chosen, and follow what it sends.
 * @param {import("../app/store.js").Store} store
 */
export function followParent(store) {
  if (window.parent === window) return;
  let shared = "";
  store.listen((now, before) => {
    const text = JSON.stringify(now.selection);
    if (now.selection === before.selection || text === shared) return;
    shared = text;
    sendSelection(window.parent, now.selection);
  });
  addEventListener("message", (event) => {
    const selection = event.source === window.parent ? selectionOf(event) : null;
    if (!selection) return;
    shared = JSON.stringify({ ...store.state.selection, ...selection });
    store.dispatch({ type: "select", selection });
  });
}

/** A run in words, once it is known. @param {string} id @param {import("../app/state.js").State} state */
function wordsOf(id, { runs, t }) {
  const run = runs?.find((one) => one.id === id);
  return run ? `${runName(run, t)} · ${describe(run, t)}` : id;
}

/**
 * Show runs side by side.
 * @param {HTMLElement} root
 * @param {string[]} runs
 * @param {import("../app/store.js").Store} store
 */
export function drawPair(root, runs, store) {
  const { state } = store;
  const { selection, t, theme } = state;
  const frames = runs.map((run) => {
    const src = writeLink(run, selection, { embed: true, language: t("locale"), theme: theme.name });
    return h("iframe", { title: wordsOf(run, state), loading: "lazy", src });
  });
  // Alone, a run has its controls.
  const alone = (/** @type {string} */ run) => writeLink(run, selection, {});
  const caption = (/** @type {HTMLIFrameElement} */ frame, /** @type {number} */ i) =>
    h("figcaption", {}, h("a", { href: alone(runs[i]) }, frame.title));
  const beyond = leftOut(state);
  const note = beyond
    ? [h("p", { class: "note" }, t("compare.left_out", { count: beyond, most: MOST_COMPARED }))]
    : [];
  root.replaceChildren(
    ...note,
    overlaid(runs, store),
    ...frames.map((frame, i) => h("figure", {}, caption(frame, i), frame)),
  );
  addEventListener("message", (event) => {
    const shared = selectionOf(event);
    if (!shared) return;
    for (const { contentWindow } of frames)
      if (contentWindow && contentWindow !== event.source) sendSelection(contentWindow, shared);
  });
}
