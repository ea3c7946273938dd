/** The dialog of a new run: experiments as beginnings, and the form of every setting. */

import { api, Refusal } from "../api.js";
import { byId, h } from "../app/dom.js";
import { localized } from "../app/i18n.js";
import { worded } from "../app/server-messages.js";
import { dialogHead, onBackdrop } from "./dialog.js";
import { beginning, fitted } from "./schema-fit.js";
import { makeForm } from "./schema-form.js";

/** @typedef {import("../types").Translate} Translate */
/** @typedef {import("../types").Experiment} Experiment */
/** @typedef {import("./schema-form.js").Form} Form */

/** What a person sees first of all settings. */
const FIRST = ["dataset.kind", "network.depth", "network.activation", "optimizer.learning_rate", "batch_size"];

export class NewRun {
  /** @param {import("../app/store.js").Store} store @param {import("./attempt.js").Attempt} attempt */
  constructor(store, attempt) {
    this.store = store;
    this.attempt = attempt;
    /** @type {HTMLDialogElement} */
    this.dialog = byId("setup");
    onBackdrop(this.dialog, () => this.dialog.close());
  }

  /** Start a run at once. @param {Record<string, any>} [config] what differs from the run that the page starts */
  async start(config) {
    const schema = config && (await this.#schema());
    if (config && !schema) return;
    const run = await this.attempt(() => api.start(schema ? { config: { ...beginning(schema), ...config } } : {}));
    if (run) this.store.dispatch({ type: "started", run });
  }

  /** @param {Record<string, any>} [config] what differs from the run that the page starts */
  async open(config) {
    const schema = await this.#schema();
    if (!schema || this.dialog.open) return;
    const { experiments, t } = this.store.state;
    const { value, unfit } = fitted(schema, config ?? {});
    const form = makeForm(schema, value, t, FIRST);
    const body = drawNewRun(this.dialog, form, experiments, t);
    body.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send(form, body);
    });
    if (unfit.length) body.error.textContent = t("setup.unfit", { fields: unfit.join(", ") });
    this.dialog.replaceChildren(body.form);
    this.dialog.showModal();
  }

  /** Of a run's settings, also where a person is quicker than the page. */
  async #schema() {
    return this.store.state.schema ?? (await this.attempt(api.schema));
  }

  /** @param {Form} form @param {ReturnType<typeof drawNewRun>} body */
  async #send(form, { name, error, submit }) {
    submit.disabled = true;
    error.textContent = "";
    try {
      const run = await api.start({ config: form.value(), ...(name.value.trim() ? { name: name.value.trim() } : {}) });
      this.dialog.close();
      this.store.dispatch({ type: "started", run });
    } catch (reason) {
      if (!(reason instanceof Refusal)) throw reason;
      error.textContent = refused(reason, form, this.store.state.t);
    } finally {
      submit.disabled = false;
    }
  }
}

/**
 * Show a refusal beside the fields that it names; the sentence for the rest.
 * @param {Refusal} reason
 * @param {Form} form
 * @param {Translate} t
 */
function refused(reason, form, t) {
  if (reason.fields.length) return form.refuse(reason.fields).join(" ") || t("setup.refused");
  return reason.status === 0 ? t("unreachable") : worded(reason.notice, t);
}

/**
 * @param {HTMLDialogElement} dialog
 * @param {Form} form
 * @param {Experiment[]} experiments
 * @param {Translate} t
 */
function drawNewRun(dialog, form, experiments, t) {
  const name = h("input", {
    id: "new-name",
    type: "text",
    maxLength: 200,
    placeholder: t("setup.name.hint"),
    autocomplete: "off",
  });
  const error = h("p", { class: "error", role: "alert" });
  const submit = h("button", { type: "submit", class: "primary" }, t("start"));
  const { preset, about } = beginnings(form, experiments, t);
  const choices = h("div", { class: "row-wide" }, h("label", { for: "preset" }, t("setup.preset")), preset);
  const cancel = h("button", { type: "button", on: { click: () => dialog.close() } }, t("cancel"));
  const whole = h(
    "form",
    { noValidate: true },
    dialogHead(dialog, "setup-title", t("setup.title"), t),
    h("div", { class: "body" }, choices, about, form.element),
    h("div", { class: "foot" }, error, h("label", { for: "new-name" }, t("setup.name")), name, cancel, submit),
  );
  return { form: whole, name, error, submit };
}

/**
 * The choice of an experiment whose settings fill the form, and what it asks.
 * @param {Form} form
 * @param {Experiment[]} experiments
 * @param {Translate} t
 */
function beginnings(form, experiments, t) {
  const about = h("p", { class: "about" });
  const change = () => {
    const chosen = experiments.find((one) => one.id === preset.value);
    if (chosen) form.fill(chosen.config);
    about.textContent = chosen ? `${localized(chosen.question, t)} ${localized(chosen.watch, t)}` : "";
  };
  const preset = h(
    "select",
    { id: "preset", on: { change } },
    h("option", { value: "" }, t("setup.own")),
    ...experiments.map((one) => h("option", { value: one.id }, localized(one.title, t))),
  );
  return { preset, about };
}
