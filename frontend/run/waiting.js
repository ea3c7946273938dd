/** While a run prepares, or why there is none. */

import { h } from "../app/dom.js";
import { noticeOf, worded } from "../app/server-messages.js";
import { isLive } from "../app/state.js";

/** @typedef {import("../app/state.js").State} State */

/**
 * What is waited for, in words; `over` when nothing more can come.
 * @param {State} state
 */
function waitingFor({ t, run, connection }) {
  const over = connection === "unknown" || (run !== null && !isLive(run));
  const title = run === null ? t("waiting.loading") : t(`waiting.${run.state}`);
  return {
    over,
    title: connection === "unknown" ? t("link.unknown") : title,
    message: run?.preparing ? worded(noticeOf(run.preparing), t) : worded(over ? run?.reason : null, t),
    fraction: run?.preparing?.fraction ?? null,
  };
}

/**
 * @param {HTMLElement} root
 * @param {State} state
 * @param {{list: () => void, again: (config: Record<string, any>) => void}} acts `again` begins a run with these
 *   settings
 */
export function drawWaiting(root, state, acts) {
  const { t } = state;
  const found = waitingFor(state);
  const key = JSON.stringify([t("locale"), found]);
  if (root.dataset.key === key) return;
  root.dataset.key = key;
  const { over, title, message, fraction } = found;
  const progress = h("progress", { "aria-label": title, max: 1, value: fraction });
  root.replaceChildren(
    h("h2", {}, title),
    ...(over ? [] : [progress]),
    h("p", {}, message),
    ...(over ? [waysOn(state, acts)] : []),
  );
}

/** @param {State} state @param {Parameters<typeof drawWaiting>[2]} acts */
function waysOn({ t, run }, acts) {
  const config = run?.config;
  return h(
    "div",
    { class: "go" },
    config
      ? h("button", { type: "button", class: "primary", on: { click: () => acts.again(config) } }, t("again"))
      : null,
    h("button", { type: "button", on: { click: acts.list } }, t("runs")),
  );
}
