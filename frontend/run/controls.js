/** Running the open run: pause, resume, one step, stop, pace, learning rate; and how far it is. */

import { api, Refusal } from "../api.js";
import { duration, paceOf, positionOf, remaining } from "../app/clock.js";
import { byId, setText } from "../app/dom.js";
import { noticeOf, worded } from "../app/server-messages.js";
import { isLive } from "../app/state.js";
import { Throttle } from "../app/throttle.js";
import { offerChanges } from "./own.js";

/** @typedef {import("../types").Run} Run */
/** @typedef {import("../types").Translate} Translate */
/** @typedef {"pause" | "resume" | "step" | "stop"} Command */

/** While the slider is dragged, the newest pace is sent some times a second. */
const SEND_EVERY = 120;
/** @type {Command[]} */
const COMMANDS = ["pause", "resume", "step", "stop"];

export class Controls {
  /** @param {import("../app/store.js").Store} store @param {import("./attempt.js").Attempt} attempt */
  constructor(store, attempt) {
    this.store = store;
    this.attempt = attempt;
    this.sending = new Throttle(SEND_EVERY);
    /** @type {HTMLInputElement} */
    this.pace = byId("pace");
    /** @type {HTMLInputElement} */
    this.rate = byId("learning-rate");
    byId("more-controls").addEventListener("click", () => this.#unfold());
    for (const command of COMMANDS) byId(command).addEventListener("click", () => this.#command(command));
    this.pace.addEventListener("input", () => this.#choosePace());
    this.rate.addEventListener("change", () => this.#chooseRate());
  }

  /** @param {Command} command */
  async #command(command) {
    const { run, t } = this.store.state;
    if (!run) return;
    // A script that trains on does not send again what was not recorded.
    if (command === "stop" && run.source === "script" && !globalThis.confirm(t("stop.script.ask"))) return;
    if (command !== "stop") this.store.dispatch({ type: "select", selection: { step: null } });
    const answer = await this.attempt(() => api.command(run.id, command));
    if (answer) this.store.dispatch({ type: "state", run: answer });
  }

  /** @param {Record<string, any>} change */
  async #change(change) {
    const { run } = this.store.state;
    if (!run) return;
    const answer = await this.attempt(() => api.change(run.id, change));
    if (answer) this.store.dispatch({ type: "state", run: answer });
  }

  #choosePace() {
    const chosen = () => paceOf(Number(this.pace.value));
    drawPace(this.pace, chosen(), this.store.state.t);
    this.sending.soon(() => void this.#change({ pace: chosen() }));
  }

  /** On a narrow screen pace and learning rate are folded away. */
  #unfold() {
    const open = byId("more-controls").getAttribute("aria-expanded") !== "true";
    byId("more-controls").setAttribute("aria-expanded", String(open));
  }

  /** A refusal stands beside the field, and what was written stays until something else is. */
  async #chooseRate() {
    const { run, t } = this.store.state;
    const value = Number(this.rate.value);
    if (!run) return;
    if (!(value > 0)) return refuseRate(this.rate, t("learning_rate.refused"));
    refuseRate(this.rate, "");
    try {
      this.store.dispatch({ type: "state", run: await api.change(run.id, { learning_rate: value }) });
    } catch (reason) {
      if (!(reason instanceof Refusal)) throw reason;
      const [field] = reason.fields;
      refuseRate(this.rate, worded(field ? noticeOf({ ...field, message: field.msg }) : reason.notice, t));
    }
  }

  /** Show the state of the open run. */
  draw() {
    const { run, t } = this.store.state;
    byId("controls").hidden = !run;
    offerChanges(run);
    if (!run) return;
    drawButtons(run, t);
    byId("transport").hidden = !isLive(run);
    for (const id of ["tuning", "more-controls"]) byId(id).hidden = !isLive(run) || run.source === "script";
    // What a person is about to choose stays under their hands.
    if (document.activeElement !== this.pace) {
      this.pace.value = String(positionOf(run.pace));
      drawPace(this.pace, run.pace, t);
    }
    const refused = this.rate.hasAttribute("aria-invalid");
    if (document.activeElement !== this.rate && !refused) drawRate(this.rate, run);
    drawProgress(run, t);
  }
}

/** @param {Run} run @param {Translate} t */
function drawButtons(run, t) {
  const { state } = run;
  const script = run.source === "script";
  byId("pause").hidden = state === "paused";
  byId("resume").hidden = state !== "paused";
  byId("pause").disabled = script || state !== "running";
  byId("resume").disabled = script;
  byId("step").disabled = script || (state !== "paused" && state !== "running");
  byId("stop").disabled = !isLive(run);
  for (const command of COMMANDS) byId(command).title = t(script ? `${command}.script` : command);
}

/** @param {HTMLInputElement} slider @param {number | null} pace steps per second @param {Translate} t */
function drawPace(slider, pace, t) {
  const words = pace === null ? t("pace.full") : t("pace.value", { pace });
  setText(byId("pace-value"), words);
  slider.setAttribute("aria-valuetext", words);
}

/**
 * Show what is wrong with the learning rate; an empty text is nothing.
 * @param {HTMLInputElement} field
 * @param {string} why
 */
function refuseRate(field, why) {
  if (why) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
  byId("learning-rate-error").hidden = why === "";
  setText(byId("learning-rate-error"), why);
}

/** @param {HTMLInputElement} field @param {Run | null} run */
function drawRate(field, run) {
  field.value = String(run?.learning_rate ?? "");
}

/** @param {Run} run @param {Translate} t */
function drawProgress(run, t) {
  const step = run.step.toLocaleString(t("locale"));
  const total = run.total_steps;
  setText(
    byId("progress-step"),
    total === null
      ? t("progress.count", { step })
      : t("progress.of", { step, total: total.toLocaleString(t("locale")) }),
  );
  const elapsed = duration(run.elapsed);
  const left = isLive(run) ? remaining(run) : null;
  const time = left === null ? t("time.elapsed", { elapsed }) : t("time.both", { elapsed, left: duration(left) });
  setText(byId("progress-time"), run.node ? `${time} · ${t("run.node", { node: run.node })}` : time);
}
