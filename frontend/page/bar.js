/** The bar above all: what is open, and the ways to everything else. */

import { byId, setText } from "../app/dom.js";
import { fillTexts, loadLanguage } from "../app/i18n.js";
import { recall, remember } from "../app/preferences.js";
import { runName } from "../app/server-messages.js";
import { calledState } from "../app/state.js";
import { setTheme } from "../app/theme.js";

/** @typedef {import("../app/store.js").Store} Store */
/** @typedef {import("../app/state.js").State} State */

/** How long the button shows that the link was copied. */
const COPIED_FOR = 2000;

/**
 * Connect the bar's buttons.
 * @param {Store} store
 * @param {{home: () => void, newRun: () => void, runs: () => void}} acts
 */
export function connectBar(store, acts) {
  byId("home").addEventListener("click", (/** @type {Event} */ event) => {
    event.preventDefault();
    acts.home();
  });
  byId("skip-timeline").addEventListener("click", (/** @type {Event} */ event) => {
    event.preventDefault();
    byId("scrub").focus();
  });
  byId("new-run").addEventListener("click", acts.newRun);
  byId("show-runs").addEventListener("click", acts.runs);
  byId("copy-link").addEventListener("click", () => copyLink(store));
  byId("theme").addEventListener("click", () => switchTheme(store));
  byId("language").addEventListener("change", () => chooseLanguage(store, byId("language").value));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    if (!recall("theme")) store.dispatch({ type: "theme", theme: setTheme(null) });
  });
  byId("bar").inert = false; // before, a click would have been lost
}

/** The languages that the server has offered. */
export const offeredLanguages = () =>
  Array.from(/** @type {HTMLSelectElement} */ (byId("language")).options, (option) => option.value);

/** @param {Store} store @param {string} language */
async function chooseLanguage(store, language) {
  const t = await loadLanguage(language);
  remember("language", language);
  store.dispatch({ type: "language", t });
}

/** @param {Store} store */
function switchTheme(store) {
  const theme = setTheme(store.state.theme.name === "light" ? "dark" : "light");
  remember("theme", theme.name);
  store.dispatch({ type: "theme", theme });
}

/** @param {Store} store */
async function copyLink(store) {
  const button = byId("copy-link");
  await navigator.clipboard?.writeText(location.href);
  const { t } = store.state;
  button.classList.add("done");
  button.title = t("link.copied");
  button.setAttribute("aria-label", t("link.copied"));
  setTimeout(() => {
    button.classList.remove("done");
    fillTexts(document, store.state.t);
  }, COPIED_FOR);
}

/** The texts of index.html, in the chosen language. @param {State} state */
export function drawTexts({ t }) {
  document.documentElement.lang = t("locale");
  fillTexts(document, t);
  byId("language").value = t("locale");
}

/** The open run's name and state. @param {State} state */
export function drawTitle({ run, t }) {
  const name = run ? runName(run, t) : "";
  document.title = run ? `${name} · Shiftscope` : "Shiftscope";
  if (!run) return;
  setText(byId("run-name"), name);
  setText(byId("run-state"), t(`state.${calledState(run)}`));
  byId("run-state").dataset.state = calledState(run);
}
