/** Experiments in the page: the gallery, one experiment, and a trial of it from its first run to the verdict. */

import { byId, h } from "../app/dom.js";
import { experimentOf, openTrial } from "../app/state.js";
import { drawBet } from "./bet-form.js";
import { drawExperiment } from "./experiment.js";
import { drawGallery } from "./gallery.js";
import { drawGuide, leadTo, pointAt } from "./guided-tour.js";
import { makeSurfacePanel } from "./surface-panel.js";
import { announce, drawTrial } from "./trial-bar.js";
import { TrialCharts } from "./trial-charts.js";
import { drawVerdict } from "./verdict.js";

/** @typedef {import("../app/state.js").State} State */
/** @typedef {import("../types").Trial} Trial */
/** @typedef {import("../types").Experiment} Experiment */

/** The open trial's experiment, once both are known. @param {State} state */
export const trialExperiment = (state) => experimentOf(state, openTrial(state)?.experiment);

/**
 * Whether the trial's results are shown: as chosen, else once it has ended.
 * @param {State} state
 * @param {Trial} trial
 */
export const showsResults = ({ resultsShown }, trial) => resultsShown ?? trial.ended;

/** The chart that the guided tour is at, or in which a part of the verdict is seen. @param {State} state */
const toured = (state) =>
  state.tourStep === null ? state.lit : (trialExperiment(state)?.tour[state.tourStep]?.view ?? null);

export class Experiments {
  /**
   * @param {import("../app/store.js").Store} store
   * @param {{startTrial: (experiment: string, quick: boolean) => void,
   *   settings: (config: Record<string, any>) => void,
   *   draw: () => void}} host `settings` opens them as a new run; `draw` draws the page now
   */
  constructor(store, host) {
    this.store = store;
    this.host = host;
    this.charts = new TrialCharts(byId("outcome-charts"), store, host.draw);
    this.bet = h("section", { class: "bet" });
    /** @type {ReturnType<typeof makeSurfacePanel> | null} losses of the experiment that is shown */
    this.surface = null;
    this.surfaceKey = "";
  }

  /** Open what a link names. @param {import("../app/trial-actions.js").Route} route */
  open(route) {
    this.store.dispatch({ type: "navigate", route });
    if (route.trial || !route.experiment) return;
    this.#toTop();
    byId("experiment").querySelector("h2")?.focus({ preventScroll: true });
  }

  /** The gallery, from its beginning. */
  home() {
    this.open({});
    this.#toTop();
  }

  #toTop() {
    this.host.draw();
    scrollTo(0, 0);
  }

  /** @param {number | null} step */
  #tour(step) {
    this.store.dispatch({ type: "tour", step });
    // The tour's own words take room: the chart is brought onto the screen once they are there.
    this.host.draw();
    this.#lead();
  }

  /** @param {import("../types").Evidence} evidence */
  #show(evidence) {
    this.store.dispatch({ type: "evidence", evidence });
    this.host.draw();
    this.#lead();
  }

  #lead() {
    const view = toured(this.store.state);
    if (view) leadTo(byId("main"), view);
  }

  /** The one thing to change, filled in as a new run. */
  #next() {
    const config = trialExperiment(this.store.state)?.next;
    if (config) this.host.settings(config);
  }

  /** Mark the chart of the guided tour; in every frame too, as its card may have come since. */
  follow() {
    const { state } = this.store;
    if (toured(state) !== null) pointAt(byId("main"), toured(state));
  }

  draw() {
    const { state } = this.store;
    if (!byId("gallery").hidden) drawGallery(byId("gallery"), state, (experiment) => this.open({ experiment }));
    const experiment = experimentOf(state, state.experiment);
    if (experiment) this.#drawExperiment(experiment);
    const trial = openTrial(state);
    if (trial?.id !== this.charts.trial?.id) this.charts.show(null);
    if (trial) this.#drawTrial(trial);
    pointAt(byId("main"), toured(state));
  }

  /** @param {Experiment} experiment */
  #drawExperiment(experiment) {
    const { trials, t } = this.store.state;
    this.#drawSurface(experiment);
    const earlier = trials.filter((one) => one.experiment === experiment.id);
    drawExperiment(byId("experiment"), experiment, earlier, this.surface?.element ?? null, t, {
      back: () => this.home(),
      start: (quick) => this.host.startTrial(experiment.id, quick),
      settings: () => this.host.settings(experiment.config),
      trial: (trial) => this.open({ trial }),
    });
  }

  /** What can be tried out before anything is trained. @param {Experiment} experiment */
  #drawSurface(experiment) {
    const key = experiment.surfaces.length ? [experiment.id, this.store.state.t("locale")].join() : "";
    if (key !== this.surfaceKey) {
      this.surfaceKey = key;
      this.surface?.destroy();
      this.surface = key ? makeSurfacePanel(this.store, experiment) : null;
    }
    this.surface?.wake();
  }

  /** The theme, the window or what is chosen has changed. */
  wake() {
    this.charts.wake();
    this.surface?.wake();
  }

  /** @param {Trial} trial */
  #drawTrial(trial) {
    const { state, dispatch } = this.store;
    const { t, open, tourStep } = state;
    const experiment = trialExperiment(state);
    const results = showsResults(state, trial);
    const shown = { trial, experiment, open, results, guided: tourStep !== null };
    drawTrial(byId("trial-bar"), shown, t, {
      experiment: () => this.open({ experiment: trial.experiment }),
      pin: (run) => dispatch({ type: "pin_run", run }),
      results: () => dispatch({ type: "results", shown: !results }),
      guide: () => this.#tour(tourStep === null ? 0 : null),
      next: () => this.#next(),
    });
    announce(byId("trial-outcome"), trial, t);
    drawVerdict(byId("verdict"), trial, experiment, t, (evidence) => this.#show(evidence), this.bet);
    drawBet(this.bet, trial, this.charts.readings.byRun, t);
    if (results) this.charts.show(trial);
    if (!experiment || tourStep === null) return;
    drawGuide(byId("guide"), experiment, tourStep, t, {
      go: (step) => this.#tour(step),
      close: () => this.#tour(null),
      next: () => this.#next(),
    });
  }
}
