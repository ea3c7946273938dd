/** The buttons of a card: what explains it, what it can be saved as, and what takes it away. */

import { h, setText, svg } from "../app/dom.js";
import { csvFile, fileName } from "./csv.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").View} View */

const ASK_EVERY = 200;
/** The corners of a screen. */
export const CORNERS = "M3 7.5V3h4.5M12.5 3H17v4.5M17 12.5V17h-4.5M7.5 17H3v-4.5";

/**
 * @typedef {object} SaveHost
 * @property {(format: "png" | "svg") => Promise<string>} picture
 * @property {() => Scene | null} scene
 * @property {() => void} [hide]
 * @property {() => void} [present] shows it alone on the whole screen
 * @property {() => number} [arrived] the share of the run's frames that is in the page
 */

/** @param {string} name @param {string} address */
function download(name, address) {
  const link = h("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
}

/** @param {{name: string, text: string}} file */
function downloadText({ name, text }) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  download(name, address);
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/**
 * A button that saves the table once all of it is there, and shows how much is till then; pressed again, it saves what
 * is there, which then says so itself.
 * @param {HTMLButtonElement} button
 * @param {View} view
 * @param {SaveHost} host
 * @param {import("../types").Translate} t
 */
function savesTable(button, view, host, t) {
  const arrived = () => host.arrived?.() ?? 1;
  const { title, ariaLabel } = button;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let waiting;

  function save() {
    clearInterval(waiting);
    waiting = undefined;
    setText(button, "CSV");
    Object.assign(button, { title, ariaLabel });
    const scene = host.scene();
    if (scene) downloadText(csvFile(view, scene, arrived()));
  }

  function wait() {
    if (!button.isConnected) return clearInterval(waiting);
    if (arrived() >= 1) return save();
    setText(button, `CSV ${Math.floor(100 * arrived())}%`);
  }

  button.addEventListener("click", () => {
    if (waiting !== undefined || arrived() >= 1) return save();
    waiting = setInterval(wait, ASK_EVERY);
    Object.assign(button, { title: t("save.waiting"), ariaLabel: `${ariaLabel}. ${t("save.waiting")}` });
    wait();
  });
}

/**
 * @param {View} view
 * @param {Scene} first
 * @param {SaveHost} host
 * @param {HTMLElement} help what explains the chart, beside it
 */
export function makeTools(view, first, host, help) {
  const { t } = first;
  const tool = (/** @type {string} */ text, /** @type {string} */ title, /** @type {Record<string, any>} */ more) =>
    h("button", { type: "button", title, ariaLabel: `${t(`view.${view.id}`)}: ${title}`, ...more }, text);
  const picture = (/** @type {"png" | "svg"} */ format) => () =>
    host.picture(format).then((address) => download(fileName(host.scene() ?? first, view, `.${format}`), address));
  const table = tool("CSV", t("save.csv"), { class: "take" });
  savesTable(table, view, host, t);
  const explain = tool("?", t("help"), { "aria-expanded": "false", "aria-controls": help.id });
  explain.addEventListener("click", () => {
    help.hidden = !help.hidden;
    explain.setAttribute("aria-expanded", String(!help.hidden));
    help.closest(".card")?.classList.toggle("explained", !help.hidden);
    // Its end may lie below the screen, or below the timeline.
    if (!help.hidden) help.scrollIntoView({ block: "nearest" });
  });
  const full = host.present && tool("", t("present.chart"), { class: "full", on: { click: host.present } });
  full?.append(svg("svg", { viewBox: "0 0 20 20", "aria-hidden": "true" }, svg("path", { d: CORNERS })));
  return h(
    "div",
    { class: "tools" },
    full ?? null,
    explain,
    tool("PNG", t("save.png"), { class: "take", on: { click: picture("png") } }),
    tool("SVG", t("save.svg"), { class: "take", on: { click: picture("svg") } }),
    table,
    host.hide ? tool("×", t("chart.hide"), { class: "hide", on: { click: host.hide } }) : null,
  );
}
