/** The charts of a whole trial: its runs side by side, and the loss surface where one was measured. */

import { h } from "../app/dom.js";
import { localized } from "../app/i18n.js";
import { experimentOf, FIRST_LOOK } from "../app/state.js";
import { makePanel } from "../charts/panel.js";
import { surface } from "../views/surface.js";
import { quantitiesOf, sweep } from "../views/sweep.js";
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

/** How many rows of panels the sweep has. @param {TrialScene} scene */
function rowsOf({ panels, narrow }) {
  const columns = narrow ? 2 : panels.length > 5 ? 4 : panels.length;
  return Math.ceil(panels.length / columns);
}

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
    /** @type {string | null} */
    this.quantity = null;
    this.look = { ...FIRST_LOOK, step: 0 };
  }

  /** @returns {TrialScene} */
  scene() {
    const trial = /** @type {Trial} */ (this.trial);
    const { t, theme } = this.store.state;
    const title = experimentOf(this.store.state, trial.experiment)?.title ?? trial.experiment;
    return /** @type {any} */ ({
      run: { id: trial.id, name: localized(title, t) },
      events: [],
      look: this.look,
      theme,
      t,
      span: 0,
      history: { count: 0 },
      narrow: innerWidth < NARROW,
      panels: panelsOf(trial, this.readings.byRun),
      surfaces: surfacesOf(trial, this.readings.byRun),
      quantity: this.quantity,
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
    this.quantity = null;
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
    this.#changed();
  }

  /** @param {View} view @param {TrialScene} scene */
  #addPanel(view, scene) {
    const panel = makePanel(view, scene, {
      scene: () => this.scene(),
      drawable: () => this.store.state.drawable,
      help: this.help,
      ...(view === surface ? { moves: (/** @type {number} */ now) => this.descent.advance(now) } : {}),
    });
    this.panels.push(panel);
    this.root.append(panel.element);
    panel.choose(view === surface ? this.descent.controls() : this.#quantities(scene));
    if (view === sweep) panel.element.style.setProperty("--rows", String(rowsOf(scene)));
  }

  /** The choice of what the sweep shows. @param {TrialScene} scene */
  #quantities({ panels, t }) {
    const all = quantitiesOf(panels);
    const change = () => {
      this.quantity = select.value;
      this.#changed();
    };
    const select = h(
      "select",
      { on: { change } },
      ...all.map((one) => h("option", { value: one }, t(`quantity.${one}`))),
    );
    select.value = this.quantity && all.includes(this.quantity) ? this.quantity : all[0];
    return h("div", { class: "choices" }, h("label", {}, t("sweep.quantity"), select));
  }

  /** A chart is drawn anew where its look is another one. */
  #changed() {
    this.look = { ...this.look };
    this.wake();
  }
}
