/** Running the open run: pause, resume, one step, stop, pace, learning rate; and how far it is. */

import { api } from "../api.js";
import { duration, paceOf, positionOf, remaining } from "../app/clock.js";
import { byId, setText } from "../app/dom.js";
import { isLive } from "../app/state.js";
import { Throttle } from "../app/throttle.js";

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
    for (const command of COMMANDS) byId(command).addEventListener("click", () => this.#command(command));
    this.pace.addEventListener("input", () => this.#choosePace());
    this.rate.addEventListener("change", () => this.#chooseRate());
  }

  /** @param {Command} command */
  async #command(command) {
    const { run } = this.store.state;
    if (!run) return;
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

  #chooseRate() {
    const value = Number(this.rate.value);
    if (value > 0) void this.#change({ learning_rate: value });
    else drawRate(this.rate, this.store.state.run);
  }

  /** Show the state of the open run. */
  draw() {
    const { run, t } = this.store.state;
    byId("controls").hidden = !run;
    if (!run) return;
    drawButtons(run);
    this.pace.disabled = this.rate.disabled = !isLive(run);
    // What a person is about to choose stays under their hands.
    if (document.activeElement !== this.pace) {
      this.pace.value = String(positionOf(run.pace));
      drawPace(this.pace, run.pace, t);
    }
    if (document.activeElement !== this.rate) drawRate(this.rate, run);
    drawProgress(run, t);
  }
}

/** @param {Run} run */
function drawButtons(run) {
  const { state } = run;
  byId("pause").hidden = state === "paused";
  byId("resume").hidden = state !== "paused";
  byId("pause").disabled = state !== "running";
  byId("step").disabled = state !== "paused" && state !== "running";
  byId("stop").disabled = !isLive(run);
}

/** @param {HTMLInputElement} slider @param {number | null} pace steps per second @param {Translate} t */
function drawPace(slider, pace, t) {
  const words = pace === null ? t("pace.full") : t("pace.value", { pace });
  setText(byId("pace-value"), words);
  slider.setAttribute("aria-valuetext", words);
}

/** @param {HTMLInputElement} field @param {Run | null} run */
function drawRate(field, run) {
  field.value = String(run?.learning_rate ?? "");
}

/** @param {Run} run @param {Translate} t */
function drawProgress(run, t) {
  const step = run.step.toLocaleString(t("locale"));
  const total = run.total_steps;
  /** @type {HTMLProgressElement} */
  const bar = byId("progress-bar");
  if (total === null) bar.removeAttribute("value");
  else bar.value = total ? Math.min(1, run.step / total) : 1;
  setText(
    byId("progress-step"),
    total === null ? t("progress.at", { step }) : t("progress.of", { step, total: total.toLocaleString(t("locale")) }),
  );
  const elapsed = duration(run.elapsed);
  const left = isLive(run) ? remaining(run) : null;
  setText(
    byId("progress-time"),
    left === null ? t("time.elapsed", { elapsed }) : t("time.both", { elapsed, left: duration(left) }),
  );
}
