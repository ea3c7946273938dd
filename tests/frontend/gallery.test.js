import assert from "node:assert/strict";
import test from "node:test";

import { Address } from "../../frontend/app/address.js";
import { translator } from "../../frontend/app/i18n.js";
import { readLink, writeLink } from "../../frontend/app/link.js";
import { FIRST_SELECTION } from "../../frontend/app/state.js";
import { currentRun } from "../../frontend/app/trial-actions.js";
import { allowed } from "../../frontend/experiments/mathml.js";
import { panelsOf } from "../../frontend/experiments/trial-readings.js";
import {
  accuracies,
  broken,
  figureTable,
  grouped,
  lastVerdict,
  nameOf,
} from "../../frontend/experiments/trial-state.js";
import { whyNot } from "../../frontend/experiments/verdict.js";
import { Reader } from "../../frontend/stream/run-reader.js";
import { quantitiesOf, sweep } from "../../frontend/views/sweep.js";
import { HEADER, THEME } from "./scene.js";

const t = translator("en");
const said = (text) => ({ code: "", values: {}, text });
const run = (id, state, more = {}) => ({ id, state, reason: null, config: { seed: 7 }, ...more });
const trialOf = (states, more = {}) => ({
  id: "t",
  experiment: "e",
  quick: true,
  created: 0,
  ended: false,
  verdict: null,
  reason: null,
  runs: states.map((state, i) => ({ label: `run ${i}`, seed: 0, run: run(`r${i}`, state), measured: null })),
  ...more,
});

test("the gallery shows experiments under the group that each declares, also under a new one", () => {
  const experiments = [
    { id: "drift", group: "shift" },
    { id: "of tomorrow", group: "tomorrow" },
    { id: "table", group: "training" },
    { id: "paper", group: "shift" },
  ];
  assert.deepEqual(
    grouped(experiments).map(({ group, experiments: within }) => [group, within.map(({ id }) => id)]),
    [
      ["training", ["table"]],
      ["shift", ["drift", "paper"]],
      ["tomorrow", ["of tomorrow"]],
    ],
  );
});

test("the run shown is the open one while it goes on, then the next that trains", () => {
  assert.equal(currentRun(trialOf(["finished", "running", "queued"]), "r0"), "r1");
  assert.equal(currentRun(trialOf(["running", "running", "queued"]), "r1"), "r1");
  assert.equal(currentRun(trialOf(["finished", "queued", "queued"]), null), "r1");
  assert.equal(currentRun(trialOf(["finished", "finished"]), "r1"), "r1");
  assert.equal(currentRun(trialOf(["finished", "finished"]), null), "r0");
});

test("runs are told apart by seed only where there are several", () => {
  const one = trialOf(["finished"]);
  assert.equal(nameOf(one, one.runs[0], t), "run 0");
  const two = {
    ...one,
    runs: [0, 1].map((seed) => ({
      ...one.runs[0],
      seed,
      run: run(`r${seed}`, "finished", { config: { seed: 40 + seed } }),
    })),
  };
  assert.deepEqual(
    two.runs.map((each) => nameOf(two, each, t)),
    ["run 0 · 40", "run 0 · 41"],
  );
});

test("figures of all runs stand in one table, and what was not measured is empty", () => {
  const trial = trialOf(["finished", "finished"]);
  trial.runs[0].measured = { "a/test_accuracy": 0.5, "a/1/test_accuracy": 0.25 };
  trial.runs[1].measured = { "a/test_accuracy": "nan" };
  assert.deepEqual(figureTable(trial, t).rows, [
    { name: "a/test_accuracy", values: [0.5, "nan"] },
    { name: "a/1/test_accuracy", values: [0.25, null] },
  ]);
  assert.deepEqual(accuracies(trial.runs[0]), [{ network: "a", accuracy: 0.5 }]);
  assert.deepEqual(accuracies(trial.runs[1]), []);
});

test("without a verdict, the page says which run did not finish and why", () => {
  const trial = trialOf(["finished", "failed"], { ended: true, reason: said("what the server says") });
  trial.runs[1].run.reason = said("out of memory");
  assert.deepEqual(
    broken(trial).map((one) => one.label),
    ["run 1"],
  );
  assert.match(whyNot(trial, t)[0], /run 1.*failed.*out of memory/);
  assert.deepEqual(whyNot(trialOf(["finished"], { ended: true, reason: said("a run was deleted") }), t), [
    "a run was deleted",
  ]);
  assert.match(whyNot(trialOf(["finished", "running"]), t)[0], /1 of 2/);
});

test("a card shows the newest verdict on its experiment", () => {
  const trials = [
    trialOf(["running"]),
    trialOf(["finished"], { verdict: { kind: "depends" } }),
    trialOf(["finished"], { verdict: { kind: "supported" } }),
  ];
  assert.equal(lastVerdict(trials, "e")?.kind, "depends");
  assert.equal(lastVerdict(trials, "other"), null);
});

test("experiment and trial travel in the link", () => {
  for (const kept of [{ experiment: "depth" }, { trial: "t1" }, { trial: "t1", embed: true }]) {
    const linked = readLink(writeLink(null, FIRST_SELECTION, kept), []);
    assert.equal(linked.experiment, kept.experiment ?? null);
    assert.equal(linked.trial, kept.trial ?? null);
    assert.equal(linked.embed, kept.embed ?? false);
  }
});

test("the address follows a replay some times a second, and ends where the replay ends", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const written = [];
  let now = 0;
  const address = new Address({ pushState: () => {}, replaceState: () => {} }, () => now);
  for (let step = 0; step < 20; step++) {
    now = 16 * step;
    address.soon(() => written.push(step));
  }
  assert.deepEqual(written, [0, 16]);
  now = 1000;
  context.mock.timers.tick(1000);
  assert.deepEqual(written, [0, 16, 19]);
});

test("another route is an entry of the browser's history, another choice there is not", () => {
  const entries = [];
  const address = new Address({
    pushState: (...all) => entries.push(["push", all[2]]),
    replaceState: (...all) => entries.push(["replace", all[2]]),
  });
  address.write("/", "home");
  address.write("/?step=3", "home");
  address.write("/?experiment=a", "a");
  address.follow(() => address.write("/", "home"));
  address.write("/?experiment=b", "b");
  assert.deepEqual(
    entries.map(([how]) => how),
    ["replace", "replace", "push", "replace", "push"],
  );
});

const MATHML = "http://www.w3.org/1998/Math/MathML";
const node = (localName, { attributes = {}, children = [], namespaceURI = MATHML } = {}) => ({
  nodeType: 1,
  namespaceURI,
  localName,
  attributes: Object.entries(attributes).map(([name, value]) => ({ name, value })),
  childNodes: children,
});
const maker = {
  createTextNode: (text) => text,
  createElementNS: (_namespace, name) => ({
    name,
    attributes: {},
    children: [],
    setAttribute(key, value) {
      this.attributes[key] = value;
    },
    append(child) {
      this.children.push(child);
    },
  }),
};

test("of a formula, what is not MathML is left out with all that it holds", () => {
  const parsed = node("math", {
    attributes: { display: "block", onclick: "steal()", href: "javascript:1" },
    children: [
      node("mi", { children: [{ nodeType: 3, nodeValue: "<x>" }] }),
      node("script", { children: [{ nodeType: 3, nodeValue: "steal()" }] }),
      node("mi", { namespaceURI: "http://www.w3.org/1999/xhtml" }),
      node("annotation-xml"),
      { nodeType: 8, nodeValue: "comment" },
    ],
  });
  const made = allowed(parsed, maker);
  assert.deepEqual(made.attributes, { display: "block" });
  assert.deepEqual(
    made.children.map((child) => child.name),
    ["mi"],
  );
  assert.deepEqual(made.children[0].children, ["<x>"]);
});

const curve = (network, values, quantity = "test_accuracy") => ({
  network,
  quantity,
  steps: values.map((_, i) => 10 * i),
  values,
});
const readingOf = (accuracy, data = {}) => ({
  networks: HEADER.networks,
  curves: [
    curve("without BN", [0.1, accuracy]),
    curve("with BN", [0.1, 0.9]),
    curve("with BN", [2, 0.01], "test_loss"),
  ],
  data,
});
const sceneOf = (panels, more = {}) => ({
  run: { id: "t" },
  theme: THEME,
  t,
  narrow: false,
  selection: FIRST_SELECTION,
  panels,
  ...more,
});

const showing = (scene, quantity) => ({ ...scene, selection: { ...FIRST_SELECTION, choices: { quantity } } });

test("runs side by side: a panel each on one vertical axis, a line a network", () => {
  const scene = sceneOf([
    { label: "a", readings: [readingOf(0.2)] },
    { label: "b <i>", readings: [readingOf(0.4), readingOf(NaN)] },
  ]);
  assert.deepEqual(quantitiesOf(scene.panels), ["test_accuracy", "test_loss"]);
  const { data, layout } = sweep.figure(scene);
  assert.equal(data.length, 2 + 4);
  assert.deepEqual(layout.yaxis.range, layout.yaxis2.range);
  assert.ok(layout.annotations[1].text.includes("&lt;i&gt;"));
  assert.deepEqual(
    sweep.legend(scene).map(({ text }) => text),
    ["without BN", "with BN"],
  );
  assert.equal(data[4].y[1], null);
  assert.match(sweep.summary(scene), /a, without BN: test accuracy 20\.0 %/);
  const table = sweep.table(scene);
  assert.equal(table.length, 1 + 6 * 2);
  const loss = sweep.figure(showing(scene, "test_loss"));
  assert.equal(loss.layout.yaxis.type, "log");
  assert.notEqual(sweep.key(scene), sweep.key(showing(scene, "test_loss")));
});

test("readings are put to their label", () => {
  const trial = trialOf(["finished", "finished", "running"]);
  const readings = new Map([
    ["r0", readingOf(0.5)],
    ["r1", readingOf(0.6)],
  ]);
  assert.deepEqual(
    panelsOf(trial, readings).map((panel) => panel.label),
    ["run 0", "run 1"],
  );
});

test("a run's curves are read in order of steps, whatever the order of its frames", () => {
  const reader = new Reader();
  const header = { ...HEADER, layouts: [HEADER.layouts[0]] };
  reader.message({
    type: "run",
    header,
    events: [{ kind: "measured", value: { figures: {}, data: { surface: 1 } } }],
  });
  const size = reader.layoutIndex.sizes.get(0);
  const frame = (seq, step, loss) => {
    const bytes = new ArrayBuffer(24 + 4 * size);
    const view = new DataView(bytes);
    view.setUint32(4, seq, true);
    view.setUint32(8, step, true);
    view.setFloat32(24, loss, true);
    return bytes;
  };
  reader.frames(frame(2, 10, 1));
  reader.frames(frame(1, 0, 2));
  const { curves, data } = reader.reading();
  const loss = curves.find((one) => one.network === "without BN" && one.quantity === "loss");
  assert.deepEqual(
    [loss.steps, loss.values],
    [
      [0, 10],
      [2, 1],
    ],
  );
  assert.deepEqual(data, { surface: 1 });
});
