/** The charts of a whole trial: its runs side by side, and the loss surface where one was measured. */

import { localized } from "../app/i18n.js";
import { experimentOf, FIRST_SELECTION } from "../app/state.js";
import { makePanel } from "../charts/panel.js";
import { surface } from "../views/surface.js";
import { sweep } from "../views/sweep.js";
import { DescentPlayer } from "./descent-player.js";
import { panelsOf, Readings, surfacesOf } from "./trial-readings.js";

/** @typedef {import("../types").Trial} Trial */
/** @typedef {import("../types").TrialScene} TrialScene */
/** @typedef {import("../types").View} View */

const NARROW = 720;

/** @param {TrialScene} scene @param {Trial} trial @returns {View[]} */
const viewsOf = ({ panels, surfaces }, trial) => [
  ...(trial.runs.length > 1 && panels.length ? [sweep] : []),
  ...(surfaces.length ? [surface] : []),
];

export class TrialCharts {
  /**
   * @param {HTMLElement} root
   * @param {import("../app/store.js").Store} store
   * @param {(view: View) => void} help
   */
  constructor(root, store, help) {
    this.root = root;
    this.store = store;
    this.help = help;
    this.readings = new Readings(() => this.#draw());
    this.descent = new DescentPlayer(
      () => this.scene(),
      () => this.wake(),
    );
    /** @type {ReturnType<typeof makePanel>[]} */
    this.panels = [];
    /** @type {Trial | null} */
    this.trial = null;
    /** what the panels were made for */
    this.key = "";
  }

  /** @returns {TrialScene} */
  scene() {
    const trial = /** @type {Trial} */ (this.trial);
    const { t, theme, selection } = this.store.state;
    const title = experimentOf(this.store.state, trial.experiment)?.title ?? trial.experiment;
    return /** @type {any} */ ({
      run: { id: trial.id, name: localized(title, t) },
      events: [],
      selection: { ...FIRST_SELECTION, step: 0, choices: selection.choices },
      theme,
      t,
      span: 0,
      history: { count: 0 },
      narrow: innerWidth < NARROW,
      panels: panelsOf(trial, this.readings.byRun),
      surfaces: surfacesOf(trial, this.readings.byRun),
      at: this.descent.at,
    });
  }

  wake() {
    for (const panel of this.panels) panel.wake();
  }

  /** @param {Trial | null} trial */
  show(trial) {
    if (trial?.id !== this.trial?.id) this.#clear();
    this.trial = trial;
    if (!trial) return;
    void this.readings.read(trial);
    this.#draw();
  }

  #clear() {
    this.#destroyPanels();
    this.descent.at = 0;
    this.descent.playing = false;
    this.key = "";
  }

  #destroyPanels() {
    for (const panel of this.panels) panel.destroy();
    this.panels = [];
    this.root.replaceChildren();
  }

  /** Panels are made anew when a run was read, or in another language. */
  #draw() {
    if (!this.trial) return;
    const scene = this.scene();
    const views = viewsOf(scene, this.trial);
    const counts = scene.panels.map((panel) => panel.readings.length);
    const key = JSON.stringify([this.trial.id, scene.t("locale"), counts, views.map((view) => view.id)]);
    if (key !== this.key) {
      this.key = key;
      this.#destroyPanels();
      for (const view of views) this.#addPanel(view, scene);
    }
    this.wake();
  }

  /** @param {View} view @param {TrialScene} scene */
  #addPanel(view, scene) {
    const panel = makePanel(view, scene, {
      scene: () => this.scene(),
      drawable: () => this.store.state.drawable,
      dispatch: this.store.dispatch,
      help: this.help,
      ...(view === surface ? { moves: (/** @type {number} */ now) => this.descent.advance(now) } : {}),
    });
    this.panels.push(panel);
    this.root.append(panel.element);
    if (view === surface) panel.choose(this.descent.controls());
  }
}
