/** Running the open run: pause, resume, one step, stop, pace, learning rate; and how far it is. */

import { api } from "../api.js";
import { duration, paceOf, placeOf, remaining } from "../app/clock.js";
import { byId, setText } from "../app/dom.js";
import { isLive } from "../app/store.js";

const SEND_EVERY = 120;

/**
 * @param {{state: () => import("../app/store.js").State, t: () => import("../types").Translate,
 *   dispatch: (action: import("../app/store.js").Action) => void,
 *   attempt: (work: () => Promise<any>) => Promise<any>}} host
 */
export function makeControls(host) {
  const buttons = { pause: byId("pause"), resume: byId("resume"), step: byId("step"), stop: byId("stop") };
  const pace = byId("pace");
  const rate = byId("learning-rate");
  for (const [command, button] of Object.entries(buttons)) {
    button.addEventListener("click", () => give(/** @type {"pause" | "resume" | "step" | "stop"} */ (command)));
  }

  /** @param {"pause" | "resume" | "step" | "stop"} command */
  async function give(command) {
    const run = host.state().run;
    if (!run) return;
    if (command !== "stop") host.dispatch({ type: "look", look: { step: null } });
    const answer = await host.attempt(() => api.command(run.id, command));
    if (answer) host.dispatch({ type: "state", run: answer });
  }

  /** @param {Record<string, any>} change */
  async function change(change) {
    const run = host.state().run;
    if (!run) return;
    const answer = await host.attempt(() => api.change(run.id, change));
    if (answer) host.dispatch({ type: "state", run: answer });
  }

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;
  let sent = 0;
  pace.addEventListener("input", () => {
    showPace(paceOf(Number(pace.value)));
    clearTimeout(waiting);
    const send = () => {
      sent = Date.now();
      void change({ pace: paceOf(Number(pace.value)) });
    };
    // While the slider is drawn along, the newest place goes out a few times a second.
    waiting = setTimeout(send, Math.max(0, sent + SEND_EVERY - Date.now()));
  });
  rate.addEventListener("change", () => {
    const value = Number(rate.value);
    if (value > 0) void change({ learning_rate: value });
    else rate.value = String(host.state().run?.learning_rate ?? "");
  });

  /** @param {number | null} value */
  function showPace(value) {
    const t = host.t();
    setText(byId("pace-value"), value === null ? t("pace.full") : t("pace.value", { pace: value }));
    pace.setAttribute("aria-valuetext", byId("pace-value").textContent);
  }

  return {
    give,
    /** Show the state of the open run. */
    refresh() {
      const { run } = host.state();
      byId("controls").hidden = !run;
      if (!run) return;
      const t = host.t();
      const moving = run.state === "running" || run.state === "preparing" || run.state === "queued";
      buttons.pause.hidden = run.state === "paused";
      buttons.resume.hidden = run.state !== "paused";
      buttons.pause.disabled = run.state !== "running";
      buttons.step.disabled = run.state !== "paused" && run.state !== "running";
      buttons.stop.disabled = !isLive(run);
      pace.disabled = rate.disabled = !moving && run.state !== "paused";
      if (document.activeElement !== pace) {
        pace.value = String(placeOf(run.pace));
        showPace(run.pace);
      }
      if (document.activeElement !== rate) rate.value = run.learning_rate === null ? "" : String(run.learning_rate);
      const known = run.total_steps !== null;
      const bar = byId("progress-bar");
      if (known) bar.value = run.total_steps ? Math.min(1, run.step / /** @type {number} */ (run.total_steps)) : 1;
      else bar.removeAttribute("value");
      setText(
        byId("progress-step"),
        known
          ? t("progress.of", {
              step: run.step.toLocaleString(),
              total: /** @type {number} */ (run.total_steps).toLocaleString(),
            })
          : t("progress.at", { step: run.step.toLocaleString() }),
      );
      const left = isLive(run) ? remaining(run) : null;
      setText(
        byId("progress-time"),
        left === null
          ? t("time.elapsed", { elapsed: duration(run.elapsed) })
          : t("time.both", { elapsed: duration(run.elapsed), left: duration(left) }),
      );
    },
  };
}
