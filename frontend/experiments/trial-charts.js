/** The charts of a whole trial: its runs side by side, and the losses that its experiment has to draw. */

import { localized } from "../app/i18n.js";
import { experimentOf } from "../app/state.js";
import { freeScene } from "../charts/free-scene.js";
import { makePanel } from "../charts/panel.js";
import { sweep } from "../views/sweep.js";
import { makeSurfacePanel } from "./surface-panel.js";
import { panelsOf, Readings } from "./trial-readings.js";

/** @typedef {import("../types").Trial} Trial */
/** @typedef {import("../types").TrialScene} TrialScene */
/** @typedef {import("../types").View} View */

export class TrialCharts {
  /**
   * @param {HTMLElement} root
   * @param {import("../app/store.js").Store} store
   * @param {() => void} read called after each run that was read
   */
  constructor(root, store, read) {
    this.root = root;
    this.store = store;
    this.readings = new Readings(() => {
      this.#draw();
      read();
    });
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
    const { state } = this.store;
    const title = experimentOf(state, trial.experiment)?.title ?? trial.experiment;
    const run = { id: trial.id, name: localized(title, state.t) };
    return /** @type {any} */ (freeScene(state, run, { panels: panelsOf(trial, this.readings.byRun) }));
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
    const { trial } = this;
    const experiment = experimentOf(this.store.state, trial.experiment);
    const sweeps = trial.runs.length > 1 && scene.panels.length > 0;
    const drawn = experiment?.surfaces.length ? experiment : null;
    const counts = scene.panels.map((panel) => panel.readings.length);
    const key = JSON.stringify([trial.id, scene.t("locale"), counts, sweeps, drawn?.id]);
    if (key !== this.key) {
      this.key = key;
      this.#destroyPanels();
      if (sweeps) this.#add(this.#sweepPanel(scene));
      if (drawn) this.#add(makeSurfacePanel(this.store, drawn));
    }
    this.wake();
  }

  /** @param {TrialScene} scene */
  #sweepPanel(scene) {
    return makePanel(sweep, scene, {
      scene: () => this.scene(),
      drawable: () => this.store.state.drawable,
      dispatch: this.store.dispatch,
    });
  }

  /** @param {ReturnType<typeof makePanel>} panel */
  #add(panel) {
    this.panels.push(panel);
    this.root.append(panel.element);
  }
}
