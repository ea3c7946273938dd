/** Before the first run. */

import { h, svg } from "../app/dom.js";

/** @typedef {import("../app/state.js").State} State */

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
 * @param {State} state
 * @param {{start: () => void, configure: () => void, list: () => void}} acts
 */
export function drawWelcome(root, { t, experiments, runs, schema }, acts) {
  const count = runs?.length ?? 0;
  const key = `${t("locale")}|${experiments.length}|${count}|${schema !== null}`;
  if (root.dataset.key === key) return;
  root.dataset.key = key;
  const start = h("button", { id: "start", type: "button", class: "primary" }, t("welcome.start"));
  start.addEventListener("click", acts.start);
  const configure = { type: "button", disabled: schema === null, on: { click: acts.configure } };
  const list = { type: "button", on: { click: acts.list } };
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
        start,
        h("button", configure, t("welcome.configure")),
        count ? h("button", list, t("welcome.runs", { count })) : null,
      ),
    ),
  );
}
