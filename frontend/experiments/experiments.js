/** Experiments in the page: the gallery, one experiment, and a trial of it from its first run to the verdict. */

import { api } from "../api.js";
import { byId } from "../app/dom.js";
import { localized } from "../app/i18n.js";
import { drawExperiment } from "./experiment.js";
import { drawGallery } from "./gallery.js";
import { drawGuide, leadTo, pointAt } from "./guided-tour.js";
import { announce, drawTrial } from "./trial-bar.js";
import { makeOutcomeCharts } from "./trial-charts.js";
import { current, ordered } from "./trial-state.js";
import { drawVerdict } from "./verdict.js";

/** @typedef {import("../types").Trial} Trial */
/** @typedef {import("../types").Experiment} Experiment */

const ASK_EVERY = 1000;

/**
 * @param {{state: () => import("../app/store.js").State, t: () => import("../types").Translate,
 *   dispatch: (action: import("../app/store.js").Action) => void,
 *   attempt: (work: () => Promise<any>) => Promise<any>, open: (run: string | null) => void,
 *   settings: (config: Record<string, any>) => void,
 *   drawable: () => boolean, theme: () => import("../types").Theme, help: (view: import("../types").View) => void,
 *   refresh: () => void, embed: boolean}} host
 */
export function makeExperiments(host) {
  /**
   * What is open: an experiment, or a trial, whose run is chosen by hand or follows.
   * @type {{experiment: string | null, trial: string | null, picked: boolean}}
   */
  let place = { experiment: null, trial: null, picked: false };
  /** @type {Trial[]} the newest first */
  let trials = [];
  /** @type {Trial | null} */
  let trial = null;
  /** @type {boolean | null} whether results are shown; null: once the trial has ended */
  let results = null;
  /** @type {number | null} step of the guided tour */
  let guide = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const experimentOf = (/** @type {string | null | undefined} */ id) =>
    host.state().experiments.find((one) => one.id === id);
  const charts = makeOutcomeCharts(byId("outcome-charts"), {
    t: host.t,
    drawable: host.drawable,
    theme: host.theme,
    help: host.help,
    title: (shown) => {
      const experiment = experimentOf(shown.experiment);
      return experiment ? localized(experiment.title, host.t()) : shown.experiment;
    },
  });

  /** @param {Partial<typeof place>} next */
  function goTo(next) {
    const before = place;
    place = { experiment: null, trial: null, picked: false, ...next };
    if (place.trial !== before.trial) {
      clearTimeout(timer);
      trial = trials.find((one) => one.id === place.trial) ?? null;
      results = null;
      guide = null;
      charts.show(null);
    }
  }

  /** @param {Experiment} experiment @param {boolean} quick */
  async function start(experiment, quick) {
    const made = await host.attempt(() => api.startTrial(experiment.id, { quick }));
    if (!made) return;
    trials = [made, ...trials];
    showTrial(made.id);
    if (!host.embed) guide = 0;
    host.refresh();
  }

  /** @param {string} id @param {string | null} [run] the one chosen by hand */
  function showTrial(id, run = null) {
    goTo({ trial: id, picked: run !== null });
    host.open(run);
    if (trial) take(trial);
    void ask();
    host.refresh();
  }

  /** Ask how the trial is, again and again until it has ended. */
  async function ask() {
    clearTimeout(timer);
    const id = place.trial;
    if (id === null) return;
    const answer = await host.attempt(() => api.trial(id));
    if (id !== place.trial) return;
    if (answer) take(answer);
    if (!answer && host.state().reachable) goTo({});
    else if (!answer?.ended) timer = setTimeout(ask, ASK_EVERY);
    host.refresh();
  }

  /** @param {Trial} answer */
  function take(answer) {
    const first = trial === null || host.state().open === null;
    trial = answer;
    trials = [answer, ...trials.filter((one) => one.id !== answer.id)].sort((a, b) => b.created - a.created);
    if (!place.picked) {
      const next = current(answer, host.state().open);
      if (next !== host.state().open) follow(next, answer, first);
    }
  }

  /**
   * Show a run of the trial, its layer in focus.
   * @param {string | null} run
   * @param {Trial} answer
   * @param {boolean} first
   */
  function follow(run, answer, first) {
    const { layer, drift, compare, step } = host.state().look;
    host.open(run);
    const wanted = experimentOf(answer.experiment)?.layer || null;
    host.dispatch({
      type: "look",
      look: first ? { layer: layer ?? wanted, drift, compare, step } : { layer: layer ?? wanted, drift, compare },
    });
  }

  /** A run that is part of a trial was opened by itself: from the list, or by its link. */
  function adopt() {
    const { run, open } = host.state();
    if (open === null || run?.id !== open) return;
    const part = run.trial ?? null;
    if (part && part.id !== place.trial) {
      goTo({ trial: part.id, picked: true });
      void ask();
    } else if (!part && (place.trial !== null || place.experiment !== null)) goTo({});
  }

  const next = () => {
    const experiment = experimentOf(trial?.experiment);
    if (experiment?.next) host.settings(experiment.next);
  };
  const toGuide = (/** @type {number | null} */ at) => {
    guide = at;
    host.refresh();
    const look = at === null ? null : experimentOf(trial?.experiment)?.looks[at];
    if (!look) return;
    const { charts } = host.state().look;
    if (charts !== null && !charts.includes(look.view))
      host.dispatch({ type: "look", look: { charts: [...charts, look.view] } });
    leadTo(byId("stage"), look.view);
  };

  function drawBar() {
    const shown = place.trial !== null && trial !== null;
    const t = host.t();
    const ended = trial?.ended ?? false;
    const showResults = results ?? ended;
    byId("trial").hidden = !shown;
    byId("outcome").hidden = !shown || !showResults;
    const experiment = experimentOf(trial?.experiment);
    byId("guide").hidden = !shown || guide === null || !experiment || host.embed;
    if (shown && trial) {
      drawTrial(
        byId("trial-bar"),
        { trial, experiment, open: host.state().open, results: showResults, guided: guide !== null },
        t,
        {
          experiment: () => openExperiment(/** @type {Trial} */ (trial).experiment),
          next,
          guide: () => toGuide(guide === null ? 0 : null),
          pick: (run) => {
            place = { ...place, picked: true };
            host.open(run);
            const wanted = experimentOf(trial?.experiment)?.layer;
            if (wanted && host.state().look.layer === null) host.dispatch({ type: "look", look: { layer: wanted } });
            host.refresh();
          },
          results: () => {
            results = !showResults;
            host.refresh();
          },
        },
      );
      announce(byId("trial-said"), trial, t);
      drawVerdict(byId("verdict"), trial, experiment, t);
      if (showResults) charts.show(trial);
    }
    if (experiment && guide !== null)
      drawGuide(byId("guide"), experiment, guide, t, { go: toGuide, close: () => toGuide(null), next });
    pointAt(byId("stage"), guide === null ? null : (experiment?.looks[guide].view ?? null));
  }

  /** @param {string} id */
  function openExperiment(id) {
    goTo({ experiment: id });
    host.open(null);
    host.refresh();
    scrollTo(0, 0);
    byId("experiment").querySelector("h2")?.focus({ preventScroll: true });
  }

  function home() {
    goTo({});
    host.open(null);
    host.refresh();
    scrollTo(0, 0);
  }

  return {
    home,
    /** Show what a link names. @param {import("../app/link.js").Linked} linked */
    show(linked) {
      if (linked.trial) showTrial(linked.trial, linked.run);
      else if (linked.experiment) openExperiment(linked.experiment);
      else {
        goTo({});
        host.open(linked.run);
        host.refresh();
      }
    },
    /** Parts of the page's link. */
    link: () => ({
      experiment: place.experiment,
      trial: place.trial,
      run: place.trial !== null && !place.picked ? null : host.state().open,
    }),
    /** An experiment, or a trial that is yet to come, stands where the welcome would. */
    covers: () => place.experiment !== null || place.trial !== null,
    waits: () => place.trial !== null,
    /** The stage's views, those that matter first. @param {import("../types").View[]} views */
    views: (views) => ordered(views, experimentOf(trial?.experiment)?.views ?? []),
    leads: () => place.trial !== null && (experimentOf(trial?.experiment)?.views.length ?? 0) > 0,
    /** Cards may have come since: they are marked while the tour goes on. */
    follow: () => guide !== null && pointAt(byId("stage"), experimentOf(trial?.experiment)?.looks[guide].view ?? null),
    wake: charts.wake,
    async load() {
      trials = (await host.attempt(api.trials)) ?? trials;
      host.refresh();
    },
    refresh() {
      adopt();
      const t = host.t();
      const experiment = experimentOf(place.experiment);
      const list = host.state().open === null && !this.covers() && host.state().runs !== null;
      byId("gallery").hidden = !list || host.state().experiments.length === 0;
      if (!byId("gallery").hidden)
        drawGallery(byId("gallery"), { experiments: host.state().experiments, trials }, t, {
          open: (one) => openExperiment(one.id),
        });
      byId("experiment").hidden = !experiment;
      if (experiment)
        drawExperiment(
          byId("experiment"),
          experiment,
          trials.filter((one) => one.experiment === experiment.id),
          t,
          {
            back: home,
            start: (quick) => void start(experiment, quick),
            settings: () => host.settings(experiment.config),
            trial: (one) => showTrial(one.id),
          },
        );
      drawBar();
    },
  };
}
