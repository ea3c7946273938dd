/** Offers the charts that are not shown. */

import { h } from "../app/dom.js";

/**
 * @param {HTMLElement} root
 * @param {import("../types").View[]} hidden
 * @param {import("../types").Translate} t
 * @param {{show: (id: string) => void, all: () => void}} acts
 */
export function offerHidden(root, hidden, t, acts) {
  root.hidden = hidden.length === 0;
  const offer = (/** @type {string} */ id) => {
    const chart = t(`view.${id}`);
    return h(
      "button",
      { type: "button", "aria-label": t("chart.show", { chart }), on: { click: () => acts.show(id) } },
      `+ ${chart}`,
    );
  };
  root.replaceChildren(
    h("strong", {}, t("level.laboratory")),
    h("span", {}, t("level.laboratory.text")),
    h("button", { type: "button", on: { click: acts.all } }, t("charts.all")),
    ...hidden.map(({ id }) => offer(id)),
  );
}
