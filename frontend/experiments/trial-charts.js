/** The charts of a whole trial: its runs side by side, and the loss surface where one was measured. */

import { api } from "../api.js";
import { h, setText } from "../app/dom.js";
import { named } from "../app/i18n.js";
import { brief } from "../app/numbers.js";
import { FIRST_LOOK } from "../app/store.js";
import { makePanel } from "../charts/panel.js";
import { readRun } from "../stream/run-reader.js";
import { longest, lossAt, surface } from "../views/surface.js";
import { quantitiesOf, sweep } from "../views/sweep.js";
import { labelsOf } from "./trial-state.js";

/** @typedef {import("../types").Trial} Trial */
/** @typedef {import("../types").TrialScene} TrialScene */
/** @typedef {import("../types").Reading} Reading */

const WALK_SECONDS = 9;

/** @param {Trial} trial @param {Map<string, Reading>} readings @returns {import("../types").Panel[]} */
export const panelsOf = (trial, readings) =>
  labelsOf(trial)
    .map((label) => ({
      label,
      readings: trial.runs.flatMap((one) => (one.label === label ? (readings.get(one.run.id) ?? []) : [])),
    }))
    .filter((panel) => panel.readings.length > 0);

/** @param {Trial} trial @param {Map<string, Reading>} readings @returns {TrialScene["surfaces"]} */
export const surfacesOf = (trial, readings) =>
  panelsOf(trial, readings).flatMap(({ label, readings: [first] }) =>
    first.data.surface ? [{ label, surface: first.data.surface }] : [],
  );

/**
 * @param {HTMLElement} root
 * @param {{t: () => import("../types").Translate, drawable: () => boolean, theme: () => import("../types").Theme,
 *   help: (view: import("../types").View) => void, title: (trial: Trial) => string}} host
 */
export function makeOutcomeCharts(root, host) {
  /** @type {Map<string, Reading>} */
  const readings = new Map();
  /** @type {Set<string>} */
  const asked = new Set();
  /** @type {ReturnType<typeof makePanel>[]} */
  let panels = [];
  /** @type {Trial | null} */
  let trial = null;
  let drawn = "";
  /** @type {string | null} */
  let quantity = null;
  let look = { ...FIRST_LOOK, step: 0 };
  const walk = { at: 0, playing: false, before: 0 };

  /** @returns {TrialScene} */
  const scene = () => {
    const shown = /** @type {Trial} */ (trial);
    return /** @type {any} */ ({
      run: { id: shown.id, name: host.title(shown) },
      events: [],
      look,
      theme: host.theme(),
      t: host.t(),
      span: 0,
      history: { count: 0 },
      narrow: innerWidth < 720,
      panels: panelsOf(shown, readings),
      surfaces: surfacesOf(shown, readings),
      quantity,
      at: walk.at,
    });
  };

  /** Read each run that has finished, once. @param {Trial} shown */
  function read(shown) {
    for (const { run } of shown.runs) {
      if (run.state !== "finished" || asked.has(run.id)) continue;
      asked.add(run.id);
      readRun(api.stream(run.id, 0)).then(
        (reading) => {
          readings.set(run.id, reading);
          draw();
        },
        () => asked.delete(run.id),
      );
    }
  }

  function clear() {
    for (const panel of panels) panel.destroy();
    panels = [];
    root.replaceChildren();
  }

  function draw() {
    if (!trial) return;
    const now = scene();
    const wanted = [
      ...(trial.runs.length > 1 && now.panels.length ? [sweep] : []),
      ...(now.surfaces.length ? [surface] : []),
    ];
    const key = [
      trial.id,
      host.t()("locale"),
      now.panels.map((panel) => panel.readings.length),
      wanted.map((view) => view.id),
    ].join("|");
    if (key !== drawn) {
      drawn = key;
      clear();
      for (const view of wanted) {
        const panel = makePanel(view, now, {
          scene,
          drawable: host.drawable,
          help: host.help,
          ...(view === surface ? { moves } : {}),
        });
        panel.choose(view === surface ? player(panel) : quantities(panel));
        if (view === sweep)
          panel.element.style.setProperty(
            "--rows",
            String(Math.ceil(now.panels.length / (now.narrow ? 2 : now.panels.length > 5 ? 4 : now.panels.length))),
          );
        panels.push(panel);
        root.append(panel.element);
      }
    }
    look = { ...look };
    for (const panel of panels) panel.wake();
  }

  /** @param {{wake: () => void}} panel */
  function quantities(panel) {
    const t = host.t();
    const all = quantitiesOf(scene().panels);
    const select = h(
      "select",
      {
        on: {
          change: () => {
            quantity = select.value;
            look = { ...look };
            panel.wake();
          },
        },
      },
      ...all.map((one) => h("option", { value: one }, t(`quantity.${one}`))),
    );
    select.value = quantity && all.includes(quantity) ? quantity : all[0];
    return h("div", { class: "choices" }, h("label", {}, t("sweep.quantity"), select));
  }

  let tell = () => {};
  /** Bring the descent on. @param {number} now */
  function moves(now) {
    const last = longest(scene().surfaces);
    if (walk.playing) {
      walk.at = Math.min(
        last,
        walk.at + (walk.before ? ((now - walk.before) / 1000) * (Math.max(last, 1) / WALK_SECONDS) : 0),
      );
      walk.before = now;
      if (walk.at >= last) walk.playing = false;
    }
    tell();
    return walk.playing;
  }

  /** @param {{wake: () => void}} panel */
  function player(panel) {
    const t = host.t();
    const last = longest(scene().surfaces);
    const play = h("button", { type: "button", on: { click: () => start(!walk.playing) } });
    const range = h("input", {
      type: "range",
      min: "0",
      max: String(last),
      step: "1",
      "aria-label": t("surface.step"),
      on: {
        input: () => {
          walk.playing = false;
          walk.at = Number(range.value);
          panel.wake();
        },
      },
    });
    const at = h("span", { class: "at" });
    function start(/** @type {boolean} */ playing) {
      if (playing && walk.at >= last) walk.at = 0;
      Object.assign(walk, { playing, before: 0 });
      panel.wake();
    }
    tell = () => {
      setText(play, t(walk.playing ? "surface.pause" : "surface.play"));
      if (Number(range.value) !== Math.round(walk.at)) range.value = String(Math.round(walk.at));
      setText(
        at,
        scene()
          .surfaces.map(({ label, surface: one }) =>
            t("surface.at", {
              label: named(label, t),
              step: Math.min(Math.round(walk.at), one.path.length - 1),
              steps: one.steps,
              loss: brief(lossAt(one, walk.at)),
            }),
          )
          .join(" · "),
      );
    };
    tell();
    if (walk.at === 0) start(!matchMedia("(prefers-reduced-motion: reduce)").matches);
    return h("div", { class: "choices player" }, play, range, at);
  }

  return {
    wake() {
      for (const panel of panels) panel.wake();
    },
    /** @param {Trial | null} shown */
    show(shown) {
      if (shown?.id !== trial?.id) {
        clear();
        Object.assign(walk, { at: 0, playing: false });
        quantity = null;
        drawn = "";
      }
      trial = shown;
      if (!shown) return;
      read(shown);
      draw();
    },
  };
}
