/** Before the first run, and while one prepares. */

import { h, svg } from "../app/dom.js";
import { said } from "../app/server-messages.js";
import { isLive } from "../app/store.js";

/** @typedef {import("../types").Translate} Translate */

const LAYERS = 5;
const ROW = 42;

/** A bell as a path. @param {number} x @param {number} base @param {number} width @param {number} height */
function bell(x, base, width, height) {
  const points = Array.from({ length: 41 }, (_, i) => {
    const z = (i - 20) / 6;
    return `${(x + z * width).toFixed(1)},${(base - height * Math.exp((-z * z) / 2)).toFixed(1)}`;
  });
  return `M${points.join("L")}Z`;
}

/** One layer's bells, without batch norm and with it; outlines show where they began. @param {number} layer */
function bellsOf(layer) {
  const base = (LAYERS - layer) * ROW + 20;
  return [
    svg("path", { class: "none", d: bell(90 + 11 * layer, base, 13 + 4.5 * layer, 46 / (1 + 0.16 * layer)) }),
    svg("path", { class: "outline", d: bell(84, base, 13, 46) }),
    svg("path", { class: "batch", d: bell(310 + 2 * (layer % 2), base, 14, 44) }),
    svg("path", { class: "outline", d: bell(309, base, 13, 46) }),
  ];
}

/** A sketch of what one will see: without batch norm the layers wander off, more with depth. @param {string} title */
const sketch = (title) =>
  svg(
    "svg",
    { viewBox: `0 0 420 ${LAYERS * ROW + 30}`, role: "img", "aria-label": title },
    ...Array.from({ length: LAYERS }, (_, i) => bellsOf(LAYERS - 1 - i)).flat(),
  );

/**
 * @param {HTMLElement} root
 * @param {import("../app/store.js").State} state
 * @param {Translate} t
 * @param {{start: () => void, configure: () => void, list: () => void}} acts
 */
export function drawWelcome(root, state, t, acts) {
  const key = `${t("locale")}|${state.experiments.length}|${state.runs?.length}|${state.schema !== null}`;
  if (root.dataset.key === key) return;
  root.dataset.key = key;
  const count = state.runs?.length ?? 0;
  root.replaceChildren(
    h(
      "div",
      { class: "hero" },
      h("h2", {}, t("welcome.title")),
      h("p", {}, t("welcome.text")),
      sketch(t("welcome.picture")),
      h(
        "div",
        { class: "go" },
        h(
          "button",
          { id: "start", type: "button", class: "primary", on: { click: () => acts.start() } },
          t("welcome.start"),
        ),
        h(
          "button",
          { type: "button", disabled: state.schema === null, on: { click: acts.configure } },
          t("welcome.configure"),
        ),
        count ? h("button", { type: "button", on: { click: acts.list } }, t("welcome.runs", { count })) : null,
      ),
    ),
  );
}

/**
 * @param {HTMLElement} root
 * @param {import("../app/store.js").State} state
 * @param {Translate} t
 * @param {{list: () => void, again: (config: Record<string, any>) => void}} acts
 */
export function drawWaiting(root, state, t, acts) {
  const { run, link } = state;
  const dead = link === "unknown" || (run !== null && !isLive(run));
  const title =
    link === "unknown"
      ? t("link.unknown")
      : run === null
        ? t("waiting.loading")
        : dead
          ? t(`waiting.${run.state}`)
          : t(`waiting.${run.state}`);
  const message = said(run?.preparing?.message || (dead ? (run?.reason ?? "") : ""), t);
  const fraction = run?.preparing?.fraction;
  const key = JSON.stringify([t("locale"), title, message, fraction, dead]);
  if (root.dataset.key === key) return;
  root.dataset.key = key;
  const config = run?.config;
  const parts = [
    h("h2", {}, title),
    dead
      ? null
      : h("progress", { "aria-label": title, max: 1, ...(typeof fraction === "number" ? { value: fraction } : {}) }),
    h("p", {}, message),
    dead
      ? h(
          "div",
          { class: "go" },
          config
            ? h("button", { type: "button", class: "primary", on: { click: () => acts.again(config) } }, t("again"))
            : null,
          h("button", { type: "button", on: { click: acts.list } }, t("runs")),
        )
      : null,
  ];
  root.replaceChildren(...parts.filter((part) => part !== null));
}
