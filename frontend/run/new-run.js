/** A new run: experiments as beginnings, and the form of every setting. */

import { api, Refusal } from "../api.js";
import { byId, h } from "../app/dom.js";
import { localized } from "../app/i18n.js";
import { said } from "../app/server-messages.js";
import { defaultOf } from "./schema.js";
import { makeForm } from "./schema-form.js";

/** @typedef {import("../types").Experiment} Experiment */

/**
 * @param {{state: () => import("../app/store.js").State, t: () => import("../types").Translate,
 *   opened: (run: import("../types").Run) => void,
 *   attempt: (work: () => Promise<any>) => Promise<any>}} host
 */
export function makeSetup(host) {
  /** @type {HTMLDialogElement} */
  const dialog = byId("setup");
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });

  /** Start from an experiment as it is. @param {Experiment} [experiment] */
  async function start(experiment) {
    const run = await host.attempt(() => api.start(experiment ? { experiment: experiment.id } : {}));
    if (run) host.opened(run);
  }

  /** @param {Record<string, any>} [config] */
  async function open(config) {
    const { experiments } = host.state();
    const t = host.t();
    // Pressed before everything had loaded: the form needs its schema.
    const schema = host.state().schema ?? (await host.attempt(api.schema));
    if (!schema || dialog.open) return;
    const initial = { ...defaultOf(schema, schema), ...config };
    const form = makeForm(schema, initial, t);
    const name = h("input", {
      id: "new-name",
      type: "text",
      maxLength: 200,
      placeholder: t("setup.name.hint"),
      autocomplete: "off",
    });
    const preset = h(
      "select",
      { id: "preset", on: { change: () => choose() } },
      h("option", { value: "" }, t("setup.own")),
      ...experiments.map((one) => h("option", { value: one.id }, localized(one.title, t))),
    );
    const error = h("p", { class: "error", role: "alert" });
    const submit = h("button", { type: "submit", class: "primary" }, t("start"));
    const about = h("p", { class: "about" });
    function choose() {
      const chosen = experiments.find((one) => one.id === preset.value);
      if (chosen) form.fill(chosen.config);
      about.textContent = chosen ? `${localized(chosen.question, t)} ${localized(chosen.watch, t)}` : "";
    }
    const body = h(
      "form",
      {
        noValidate: true,
        on: {
          submit: (/** @type {Event} */ event) => {
            event.preventDefault();
            void send();
          },
        },
      },
      h(
        "div",
        { class: "head" },
        h("h2", { id: "setup-title" }, t("setup.title")),
        h(
          "button",
          { type: "button", class: "plain", "aria-label": t("close"), on: { click: () => dialog.close() } },
          "✕",
        ),
      ),
      h(
        "div",
        { class: "body" },
        h(
          "div",
          { class: "row-wide" },
          h("label", { for: "preset" }, t("setup.preset")),
          preset,
          h("label", { for: "new-name" }, t("setup.name")),
          name,
        ),
        about,
        form.element,
      ),
      h(
        "div",
        { class: "foot" },
        error,
        h("button", { type: "button", on: { click: () => dialog.close() } }, t("cancel")),
        submit,
      ),
    );
    async function send() {
      submit.disabled = true;
      error.textContent = "";
      try {
        const run = await api.start({
          config: form.value(),
          ...(name.value.trim() ? { name: name.value.trim() } : {}),
        });
        dialog.close();
        host.opened(run);
      } catch (reason) {
        if (!(reason instanceof Refusal)) throw reason;
        const left = reason.fields.length
          ? form.refuse(reason.fields)
          : [reason.status === 0 ? t("unreachable") : said(reason.message, t)];
        error.textContent = left.join(" ") || t("setup.refused");
      } finally {
        submit.disabled = false;
      }
    }
    dialog.replaceChildren(body);
    dialog.showModal();
  }

  return { open, start };
}
