/** The card in which runs that are compared share one pair of axes: each is there once it was read. */

import { api } from "../api.js";
import { h, setText } from "../app/dom.js";
import { runName } from "../app/server-messages.js";
import { isLive } from "../app/state.js";
import { freeScene } from "../charts/free-scene.js";
import { makePanel } from "../charts/panel.js";
import { readRun } from "../stream/run-reader.js";
import { overlay } from "../views/overlay.js";
import { comparable } from "../views/overlay-quantity.js";
import { BETWEEN, describe } from "./describe.js";

/** @typedef {import("../types").Reading} Reading */
/** @typedef {import("../app/store.js").Store} Store */
/** @typedef {{id: string, label: string}} Named a run and what it is called */

/**
 * What tells runs apart: their names; where these are the same, what they do not share of their settings; and where
 * those are the same too, a number.
 * @param {{name: string, about: string}[]} runs
 */
export function toldApart(runs) {
  const named = runs.map(({ name, about }) => {
    const alike = runs.filter((one) => one.name === name).map((one) => one.about.split(BETWEEN));
    const own = about.split(BETWEEN).filter((part) => !alike.every((parts) => parts.includes(part)));
    if (alike.length < 2 || !own.length) return name;
    return alike.length === runs.length ? own.join(BETWEEN) : `${name} (${own.join(BETWEEN)})`;
  });
  return named.map((name, i) => (named.indexOf(name) === named.lastIndexOf(name) ? name : `${name} (${i + 1})`));
}

/** @param {Store} store @param {Named[]} runs @param {Map<string, Reading>} readings */
function sceneOf({ state }, runs, readings) {
  const run = { id: runs.map(({ id }) => id).join(), name: runs.map(({ label }) => label).join(", ") };
  const panels = runs.flatMap(({ id, label }) => {
    const reading = readings.get(id);
    return reading ? [{ label, readings: [reading] }] : [];
  });
  return /** @type {any} */ (freeScene(state, run, { panels }));
}

/**
 * The card, and what it lacks in words.
 * @param {string[]} ids
 * @param {Store} store
 */
export function overlaid(ids, store) {
  const { t, runs: all } = store.state;
  const known = ids.map((id) => all?.find((one) => one.id === id));
  const labels = toldApart(
    known.map((run, i) => (run ? { name: runName(run, t), about: describe(run, t) } : { name: ids[i], about: "" })),
  );
  const ended = ids.flatMap((id, i) => (isLive(known[i] ?? null) ? [] : [{ id, label: labels[i] }]));
  /** @type {Map<string, Reading>} */
  const readings = new Map();
  const scene = () => sceneOf(store, ended, readings);
  const panel = makePanel(overlay, scene(), {
    scene,
    drawable: () => store.state.drawable && comparable(scene().panels).length > 0,
    dispatch: store.dispatch,
  });
  const note = h("p", { class: "note", role: "status" });
  const tell = () => {
    const [left, going] = [ended.length - readings.size, ids.length - ended.length];
    const nothing = ended.length > 0 && !left && !comparable(scene().panels).length;
    panel.element.hidden = nothing;
    const lacks = left ? t("compare.reading", { count: left }) : nothing ? t("compare.nothing") : "";
    setText(note, [lacks, !left && going ? t("compare.going_on", { count: going }) : ""].filter(Boolean).join(" "));
  };
  tell();
  for (const { id, label } of ended)
    readRun(api.stream(id, 0)).then(
      (reading) => {
        readings.set(id, reading);
        tell();
        panel.wake();
      },
      () => setText(note, t("compare.unread", { run: label })),
    );
  store.listen(() => panel.wake());
  addEventListener("resize", panel.wake);
  return h("div", { class: "overlaid" }, panel.element, note);
}
