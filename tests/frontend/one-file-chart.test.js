import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { readLink, writeLink } from "../../frontend/app/link.js";
import { FIRST_SELECTION, initialState } from "../../frontend/app/state.js";
import { reduce } from "../../frontend/app/store.js";
import { csvFile } from "../../frontend/charts/csv.js";
import { pictured } from "../../frontend/charts/picture.js";
import { chosen, including, without } from "../../frontend/charts/selection.js";
import { CHOICES, TRIAL_VIEWS, VIEWS } from "../../frontend/views/index.js";
import { HEADER, LAYERS, layout, makeScene, NETWORKS, THEME } from "./scene.js";
import { code, named, read } from "./sources.js";
import { extremes } from "./toy-view.js";

/** A run that recorded what the toy shows: per step, the least and the greatest value of each layer. */
function sceneOf(selection = {}) {
  const entries = NETWORKS.flatMap((network) =>
    LAYERS.flatMap((layer) =>
      ["minimum", "maximum"].map((quantity) => ({ network, layer, site: "pre_activation", quantity })),
    ),
  );
  const scene = makeScene({ header: { ...HEADER, layouts: [layout(7, "more", entries)] }, steps: [], selection });
  for (const step of [0, 1, 2]) {
    const row = Float32Array.from(entries, (_, i) => (i % 2 ? 1 : -1) * (step + 1));
    scene.history.append({ stream: 7, seq: step + 1, step, time: 0, row });
  }
  return scene;
}

const act = (selection, action) =>
  reduce({ ...initialState({ linked: { selection }, t: String, theme: {} }), open: null }, action).selection;

test("a chart's choice is offered, taken and let go by what its view says of it", () => {
  const [control] = extremes.controls(sceneOf());
  assert.deepEqual([control.value, control.options.length], ["minimum", 2]);
  const selection = act({}, control.change("maximum"));
  assert.deepEqual(selection.choices, { end: "maximum" });
  const chosenNow = sceneOf(selection);
  assert.equal(extremes.controls(chosenNow)[0].value, "maximum");
  assert.equal(extremes.badge(chosenNow), "the wrong end");
  assert.deepEqual(act(selection, extremes.controls(chosenNow)[0].change("minimum")).choices, {});
});

test("its choice stands in the link, and is read from there by its name", () => {
  const selection = { ...FIRST_SELECTION, choices: { end: "maximum" }, charts: ["extremes"] };
  const link = writeLink("r", selection);
  assert.match(link, /end=maximum/);
  assert.deepEqual({ ...FIRST_SELECTION, ...readLink(link, extremes.choices).selection }, selection);
  assert.equal(readLink(link).selection.choices, undefined);
});

test("it can be shown, hidden, saved and pictured", () => {
  const views = [...VIEWS, extremes];
  assert.deepEqual(chosen(views, ["extremes"]), [extremes]);
  assert.deepEqual(including(views, without(views, null, "extremes"), "extremes"), null);
  const scene = sceneOf();
  assert.ok(extremes.available(scene) && !extremes.available(makeScene()));
  const { name, text } = csvFile(extremes, scene);
  assert.equal(name, "a run extremes.csv");
  assert.equal(text.split("\n")[1], "without BN,hidden 1,minimum,0,-1");
  const { layout: drawn } = pictured(extremes, scene, 400);
  const words = drawn.annotations.slice(-2).map(({ text }) => text);
  assert.match(words[0], /extremes.*a run.*step 2/);
  assert.match(words[1], /every layer/);
});

test("a picture has the flags that stand over the chart, numbered over the topmost axes alone", () => {
  const told = (step, code) => ({ time: 0, step, kind: "narration", code, network: "", layer: "", message: "" });
  const events = [told(10, "narration.wakes"), told(11, "narration.accuracy"), told(40, "narration.diverged")];
  const loss = VIEWS.find(({ id }) => id === "loss");
  const plain = pictured(loss, makeScene(), 600).layout;
  const { layout: flagged } = pictured(loss, { ...makeScene(), events }, 600);
  const lines = flagged.shapes.slice(plain.shapes?.length ?? 0);
  assert.deepEqual(
    lines.map(({ xref, yref, x0, line }) => [xref, yref, x0, line.color]),
    ["y", "y2"].flatMap((y) => [10, 40].map((x0) => ["x", `${y} domain`, x0, x0 === 40 ? THEME.bad : THEME.muted])),
  );
  const texts = flagged.annotations.filter(({ name }) => name === "flag");
  assert.deepEqual(
    texts.map(({ text, x, yref }) => [text, x, yref]),
    [
      ["1–2", 10, "y domain"],
      ["3", 40, "y domain"],
    ],
  );
  const epochs = { ...makeScene({ steps: [0, 10, 11, 40, 50], selection: { choices: { x: "epoch" } } }), events };
  epochs.run = { ...epochs.run, steps_per_epoch: 10 };
  assert.deepEqual(
    pictured(loss, epochs, 600)
      .layout.annotations.filter(({ name }) => name === "flag")
      .map(({ text }) => text),
    ["1–2", "3"],
  );
});

/** What a chart's own files are: those that its view is made of alone. */
const OF_CHARTS = new Set(
  [...VIEWS, ...TRIAL_VIEWS].map(({ id }) => [...code].find(([, text]) => text.includes(`id: "${id}"`))?.[0]),
);
const KNOWING = ["views/index.js", ...OF_CHARTS];

test("no file beside views/index.js knows a single chart of a run", () => {
  assert.equal(OF_CHARTS.size, VIEWS.length + TRIAL_VIEWS.length);
  const trial = new Set(TRIAL_VIEWS.map(({ id }) => `views/${id}.js`));
  const knowing = [];
  for (const [file, text] of code) {
    if (KNOWING.includes(file)) continue;
    for (const own of OF_CHARTS) {
      const imports = new RegExp(`from "[^"]*/${own.replace("views/", "").replace(".", "\\.")}"`);
      if (!trial.has(own) && imports.test(text)) knowing.push(`${file} imports ${own}`);
    }
    for (const { id } of VIEWS)
      if (new RegExp(`\\.id === "${id}"|data-view="${id}"`).test(text)) knowing.push(`${file} asks for ${id}`);
  }
  for (const style of named(".css")) if (read(style).includes("data-view")) knowing.push(style);
  assert.deepEqual(knowing, []);
});

test("each chart of a run has its row in docs/page.md", () => {
  const page = readFileSync(new URL("../../docs/page.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]);
  assert.deepEqual(
    rows,
    VIEWS.map(({ id }) => id),
  );
});

test("the charts' own choices have names of their own", () => {
  const taken = writeLink(
    "r",
    { ...FIRST_SELECTION, layer: "l", step: 1, compare: 1, unit: 1, charts: ["x"] },
    { experiment: "e", trial: "t", pair: "p", embed: true, language: "ko", theme: "dark", config: { a: 1 } },
  );
  const names = [...new URLSearchParams(taken).keys()];
  assert.equal(names.length, 13);
  assert.deepEqual(
    CHOICES.filter((name, i) => names.includes(name) || CHOICES.indexOf(name) !== i),
    [],
  );
});
