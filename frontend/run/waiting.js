/** While a run prepares, or why there is none. */

import { h } from "../app/dom.js";
import { noticeOf, worded } from "../app/server-messages.js";
import { experimentOf, isLive } from "../app/state.js";
import { definition } from "./welcome.js";

/** @typedef {import("../app/state.js").State} State */

/**
 * What a link names that is not there; null where all is.
 * @param {State} state
 * @returns {"run" | "trial" | "experiment" | null}
 */
export function unknownOf(state) {
  const { open, connection, header, experiment, experiments, trialUnknown } = state;
  if (trialUnknown) return "trial";
  if (open !== null && connection === "unknown" && header === null) return "run";
  return experiment !== null && experiments.length > 0 && !experimentOf(state, experiment) ? "experiment" : null;
}

/**
 * What is waited for, in words; `over` when nothing more can come.
 * @param {State} state
 */
function waitingFor(state) {
  const { t, run, open, trial, experiment } = state;
  const unknown = unknownOf(state);
  if (unknown !== null) {
    const id = { run: open, trial, experiment }[unknown] ?? "";
    const message = t(`unknown.${unknown}.text`, { id });
    return { over: true, title: t(`unknown.${unknown}`), message, fraction: null };
  }
  if (open === null && trial === null) return { over: false, title: t("welcome.title"), message: "", fraction: null };
  const over = run !== null && !isLive(run);
  const fair = run?.group ? ` ${t("waiting.fair")}` : "";
  const place = run?.place ? `${t("waiting.place", { place: run.place })}${fair}` : "";
  return {
    over,
    title: run === null ? t("waiting.loading") : t(`waiting.${run.state}`),
    message: run?.preparing ? worded(noticeOf(run.preparing), t) : worded(over ? run?.reason : null, t) || place,
    fraction: run?.preparing?.fraction ?? null,
  };
}

/**
 * @param {HTMLElement} root
 * @param {State} state
 * @param {{list: () => void, home: () => void, again: (config: Record<string, any>) => void}} acts `again` begins
 *   a run with these settings
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
    state.open === null && state.trial === null && !over ? definition(t) : h("p", {}, message),
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
      ? h(
          "button",
          { type: "button", class: "primary", "data-needs": "start", on: { click: () => acts.again(config) } },
          t("again"),
        )
      : null,
    h("button", { type: "button", on: { click: acts.list } }, t("runs")),
    h("button", { type: "button", on: { click: acts.home } }, t("home")),
  );
}
