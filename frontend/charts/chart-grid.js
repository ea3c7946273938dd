/** The grid of charts: the cards of all charts, and the one animation loop that moves them. */

import { spanOf } from "../app/numbers.js";
import { markRest } from "../app/rest.js";
import { isWhole } from "../app/state.js";
import { zoomText } from "../views/run-axis.js";
import { card } from "./card.js";
import { Chart } from "./chart.js";
import { isNarrow } from "./free-scene.js";
import { offerHidden } from "./hidden-charts.js";
import { Rooms, shownOf, usualOf, viewsOf } from "./levels.js";
import { hasCard } from "./missing.js";
import { ShapesPainter } from "./painting/shapes.js";
import { including, without } from "./selection.js";
import { tellShown } from "./shown-frames.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").View} View */

/**
 * The words beside the charts are looked after card by card: each has its turn within a second, and no frame has more
 * than one.
 */
const CARD_EVERY = 80;
const SUMMARY_EVERY = 2000;
const LAYOUTS_PER_FRAME = 1;
const REPAINTS_PER_FRAME = 2;
/** How many charts of lines or cells go on in a frame; each has its turn within some frames. */
const ADVANCES_PER_FRAME = 3;
const STAY_AWAKE = 300;

export class ChartGrid {
  /**
   * @param {HTMLElement} root
   * @param {import("../types").Level[]} levels
   * @param {{dispatch: (action: import("../app/store.js").Action) => void,
   *   stream: () => import("../stream/run-stream.js").RunStream | null,
   *   state: () => import("../app/state.js").State, theme: () => import("../types").Theme,
   *   t: () => import("../types").Translate, arrived: () => number, hidden: HTMLElement,
   *   present: (view: string) => void}} host `hidden` offers the charts that are not shown
   */
  constructor(root, levels, host) {
    this.root = root;
    this.host = host;
    this.levels = levels;
    this.rooms = new Rooms(root, (id) => this.charts.get(id)?.card.element);
    /** @type {Map<string, {chart: Chart, card: ReturnType<typeof card>, view: View}>} */
    this.charts = new Map();
    this.asked = false;
    this.shown = new Map();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.closing = undefined;
    this.refreshed = 0;
    this.refreshing = 0;
    /** @type {unknown[] | null} that on which it depends which cards there are, when these were made */
    this.checked = null;
    this.news = 0;
    this.turn = 0;
    /** @type {((scene: Scene, now: number) => void)[]} */
    this.followers = [];
  }

  /** The cards are made anew: another run, or another language. */
  rebuild() {
    for (const { chart } of this.charts.values()) chart.destroy();
    this.charts.clear();
    this.checked = null;
    this.rooms.clear();
    this.shown = new Map();
    this.wake();
  }

  /** Ask for one frame; more calls before it comes change nothing. */
  wake() {
    if (this.asked) return;
    this.asked = true;
    markRest(this.root, false);
    requestAnimationFrame((now) => {
      this.asked = false;
      this.#frame(now);
    });
  }

  /** @returns {Scene | null} */
  scene() {
    const stream = this.host.stream();
    const { run, header, events, selection } = this.host.state();
    if (!stream?.history || !stream.layoutIndex || !run || !header) return null;
    const last = stream.history.lastStep;
    const over = isWhole(run, last, this.host.arrived());
    return {
      run,
      header,
      events,
      selection,
      layoutIndex: stream.layoutIndex,
      history: stream.history,
      theme: this.host.theme(),
      t: this.host.t(),
      span: spanOf(last, run.total_steps ?? header.total_steps, over),
      narrow: isNarrow(),
    };
  }

  /** @param {number} now */
  #frame(now) {
    const scene = this.scene();
    if (!scene) return;
    let later = this.#cards(scene);
    const budget = { layouts: LAYOUTS_PER_FRAME, repaints: REPAINTS_PER_FRAME, advances: ADVANCES_PER_FRAME };
    for (const { chart } of this.#turns()) later = chart.tick(scene, now, budget) || later;
    for (const follow of this.followers) follow(scene, now);
    if (now - this.refreshed > CARD_EVERY) this.#refreshNext(scene, now);
    this.closing ??= setTimeout(() => this.#sumUpLater(), SUMMARY_EVERY);
    if (this.#tell(scene)) this.news = now;
    // While frames flow, one follows the other; asking anew at each message costs more.
    if (later || now - this.news < STAY_AWAKE) this.wake();
    else this.#rest(scene);
  }

  /** Nothing is left to be drawn, unless more is on its way: the words follow now. @param {Scene} scene */
  async #rest(scene) {
    const received = this.host.stream()?.received.contiguous ?? 0;
    if (received < scene.run.seq || ![...this.charts.values()].every(({ chart }) => chart.atRest(scene))) return;
    this.#sumUp(scene);
    await ShapesPainter.drawn();
    if (!this.asked) markRest(this.root, true);
  }

  /** All charts, in each frame another one first. */
  #turns() {
    const charts = [...this.charts.values()];
    this.turn = (this.turn + ADVANCES_PER_FRAME) % Math.max(1, charts.length);
    return [...charts.slice(this.turn), ...charts.slice(0, this.turn)];
  }

  /** The words of the next card. @param {Scene} scene @param {number} now */
  #refreshNext(scene, now) {
    this.refreshed = now;
    const shown = [...this.charts.values()].filter(({ chart }) => chart.visible);
    if (shown.length === 0) return;
    this.refreshing = (this.refreshing + 1) % shown.length;
    shown[this.refreshing].card.refresh(scene);
  }

  /** When nothing moves any more no frame comes to do it: then a timer does, for all, once. */
  #sumUpLater() {
    this.closing = undefined;
    const scene = this.scene();
    // While frames flow, each card has had its turn.
    if (scene && !this.asked) this.#sumUp(scene);
  }

  /** @param {Scene} scene */
  #sumUp(scene) {
    for (const one of this.charts.values()) if (one.chart.visible) one.card.refresh(scene);
  }

  /** Make the cards of the views that this run can fill; the order is that of the views. @param {Scene} scene */
  #cards(scene) {
    const { selection, present } = this.host.state();
    const { layer, charts } = selection;
    const begun = [...scene.history.streams.values()].filter((stream) => stream.count).length;
    const now = [scene.layoutIndex, layer, charts, begun, present];
    if (begun === 0 || now.every((one, i) => one === this.checked?.[i])) return false;
    this.checked = now;
    const shown = shownOf(this.levels, charts, present);
    this.#hide(scene, shown);
    const missing = shown.filter((view) => !this.charts.has(view.id) && hasCard(view, scene));
    for (const view of missing) this.#add(view, scene);
    this.rooms.present(present);
    // A layer may lack what a chart shows: the output has no gamma. The card stays, and says so.
    for (const { view, card: known, chart } of this.charts.values()) {
      chart.empty = !view.available(scene);
      known.setEmpty(chart.empty, scene);
    }
    return missing.length > 0;
  }

  /** The card of a view, in its place among the others. @param {View} view @param {Scene} scene */
  #add(view, scene) {
    const { dispatch, arrived } = this.host;
    const made = card(view, scene, {
      dispatch,
      arrived,
      picture: (format) => chart.picture(format, this.scene() ?? scene),
      scene: () => this.scene(),
      hide: () => this.#choose(without, view.id),
      present: () => this.host.present(view.id),
    });
    this.rooms.place(view, made.element);
    const chart = new Chart(made.chart, view, {
      pick: (selection) => this.#pick(selection),
      zoom: (range) => this.host.dispatch({ type: "choose", name: "zoom", value: range && zoomText(range) }),
      wake: () => this.wake(),
    });
    this.charts.set(view.id, { chart, card: made, view });
  }

  /**
   * What is pointed at; a layer alone that is in focus already is let go.
   * @param {Partial<import("../types").Selection>} selection
   */
  #pick(selection) {
    const again = !("step" in selection) && selection.layer === this.host.state().selection.layer;
    this.host.dispatch({ type: "select", selection: again ? { layer: null } : selection });
  }

  /** @param {typeof without} change @param {string} id */
  #choose(change, id) {
    const { charts } = this.host.state().selection;
    this.host.dispatch({
      type: "select",
      selection: { charts: change(viewsOf(this.levels), charts, id, usualOf(this.levels)) },
    });
  }

  /** Take away the cards of charts that are not shown; offer them apart. @param {Scene} scene @param {View[]} shown */
  #hide(scene, shown) {
    const all = viewsOf(this.levels);
    const hidden = all.filter((view) => !shown.includes(view) && view.available(scene));
    for (const view of all) {
      const one = this.charts.get(view.id);
      if (!one || shown.includes(view)) continue;
      one.chart.destroy();
      one.card.element.remove();
      this.charts.delete(view.id);
    }
    offerHidden(this.host.hidden, hidden, scene.t, {
      show: (id) => this.#choose(including, id),
      all: () => this.host.dispatch({ type: "select", selection: { charts: all.map(({ id }) => id) } }),
    });
    this.rooms.arrange(shown.filter((view) => hasCard(view, scene)).length, this.levels, scene.t);
  }

  /** Tell which frames are on the screen now, in every chart that is seen. @param {Scene} scene */
  #tell(scene) {
    return tellShown(scene, this.shown, (stream) => this.#drawn(stream));
  }

  /**
   * How many frames of a stream all charts that are seen have drawn.
   * @param {import("../stream/history.js").StreamHistory} stream
   */
  #drawn(stream) {
    let drawn = stream.count;
    for (const { chart } of this.charts.values()) drawn = Math.min(drawn, chart.drawn(stream));
    return drawn;
  }
}
