/** What a person must know now, as sentences: a lost connection, a divergence, a failure, a refusal. */

import { h } from "../app/dom.js";
import { named } from "../app/i18n.js";
import { said } from "../app/server-messages.js";

/** @typedef {{key: string, text: string, bad?: boolean, action?: {text: string, act: () => void}}} Notice */

/**
 * @param {import("../app/store.js").State} state
 * @param {import("../types").Translate} t
 * @param {{dismiss: () => void, retry: () => void, seek: (step: number | null) => void}} acts
 * @returns {Notice[]}
 */
export function noticesOf(state, t, acts) {
  /** @type {Notice[]} */
  const list = [];
  const { run } = state;
  if (!state.reachable) list.push({ key: "unreachable", text: t("unreachable"), bad: true });
  if (state.open && state.link === "lost")
    list.push({ key: "lost", text: t("link.lost"), action: { text: t("link.retry"), act: acts.retry } });
  if (state.open && state.link === "unknown") list.push({ key: "unknown", text: t("link.unknown"), bad: true });
  for (const event of state.events.filter((one) => one.kind === "diverged")) {
    list.push({
      key: `diverged ${event.network}`,
      text: t("diverged", { network: named(event.network, t), step: event.step }),
      bad: true,
      action: { text: t("diverged.show"), act: () => acts.seek(event.step) },
    });
  }
  if (run?.state === "failed")
    list.push({ key: "failed", text: t("failed", { reason: said(run.reason, t) || "?" }), bad: true });
  if (run?.state === "interrupted")
    list.push({ key: "interrupted", text: t("interrupted", { step: run.step, reason: said(run.reason, t) || "?" }) });
  if (state.problem)
    list.push({
      key: `problem ${state.problem}`,
      text: said(state.problem, t),
      bad: true,
      action: { text: t("close"), act: acts.dismiss },
    });
  return list;
}

/**
 * @param {HTMLElement} root
 * @param {import("../app/store.js").State} state
 * @param {import("../types").Translate} t
 * @param {Parameters<typeof noticesOf>[2]} acts
 */
export function drawNotices(root, state, t, acts) {
  const list = noticesOf(state, t, acts);
  const key = JSON.stringify([t("locale"), ...list.map((one) => [one.key, one.text])]);
  // Drawn only when something changed: a screen reader reads what is put here.
  if (root.dataset.key === key) return;
  root.dataset.key = key;
  root.replaceChildren(
    ...list.map((one) =>
      h(
        "div",
        { class: one.bad ? "notice bad" : "notice" },
        h("span", {}, one.text),
        one.action ? h("button", { type: "button", on: { click: one.action.act } }, one.action.text) : null,
      ),
    ),
  );
}
