// What happened in a run, as the page lists and flags it.

import assert from "node:assert/strict";
import test from "node:test";

import {
  eventText,
  flagText,
  goingTo,
  happenedUpTo,
  happeningsOf,
  newestUpTo,
  sentenceOf,
  shownAt,
} from "../../frontend/app/happenings.js";
import { translator } from "../../frontend/app/i18n.js";
import { writeLink } from "../../frontend/app/link.js";
import { worded } from "../../frontend/app/server-messages.js";
import { reduce } from "../../frontend/app/store.js";
import { stateOf } from "./scene.js";

const t = translator("en");
const event = (step, kind, more = {}) => ({ time: 0, step, kind, network: "", layer: "", message: "", ...more });
const told = (step, code, more = {}) =>
  event(step, "narration", { code: `narration.${code}`, value: { view: "shift" }, message: code, ...more });

test("sentences, changes and divergences are numbered in the order of their steps, all else is not listed", () => {
  const events = [
    event(0, "state"),
    told(40, "wakes_moving", { layer: "hidden 2" }),
    event(7, "learning_rate", { message: "learning rate: 5" }),
    event(9, "note", { message: "mine" }),
    event(50, "diverged", { network: "plain" }),
  ];
  const found = happeningsOf(events);
  assert.deepEqual(
    found.map(({ number, step, view, layer, bad }) => [number, step, view, layer, bad]),
    [
      [1, 7, "loss", "", false],
      [2, 40, "shift", "hidden 2", false],
      [3, 50, "loss", "", true],
    ],
  );
  assert.equal(happeningsOf(events), found);
});

test("a divergence of which the narrator speaks is not listed twice", () => {
  const events = [event(50, "diverged", { network: "plain" }), told(50, "diverged", { network: "plain" })];
  const other = event(60, "diverged", { network: "bn" });
  assert.deepEqual(
    happeningsOf([...events, other]).map((one) => [one.event.kind, one.bad]),
    [
      ["narration", true],
      ["diverged", true],
    ],
  );
});

test("the newest up to a step is the headline", () => {
  const all = happeningsOf([told(10, "still"), told(40, "wakes")]);
  const at = (step) => newestUpTo(all, step)?.step;
  assert.deepEqual([at(9), at(10), at(39), at(40), at(Infinity)], [undefined, 10, 10, 40, 40]);
});

test("of the sentences of one step the one that was gone to is shown, until another step is", () => {
  const all = happeningsOf([told(10, "still"), told(40, "wakes"), told(40, "accuracy"), told(60, "end")]);
  const scene = (selection, ended = null) => ({ selection, run: { ended }, history: { lastStep: 60 } });
  const shown = (...given) => shownAt(all, scene(...given))?.number;
  assert.deepEqual(
    all.map((one) => goingTo(all, one)),
    [
      { step: 10, told: null },
      { step: 40, told: 2 },
      { step: 40, told: 3 },
      { step: 60, told: null },
    ],
  );
  assert.deepEqual([shown({ step: 40, told: 2 }), shown({ step: 40, told: null })], [2, 3]);
  assert.deepEqual([shown({ step: 41, told: 2 }), shown({ step: 40, told: 99 })], [3, 3]);
  assert.deepEqual([shown({ step: null, told: null }), shown({ step: 60, told: null }, 1)], [4, 4]);
  const linked = stateOf("?step=40&told=2").selection;
  assert.equal(shown(linked), 2);
  assert.match(writeLink("r", linked), /step=40&told=2/);
  const select = (selection) => reduce(stateOf("?step=40&told=2"), { type: "select", selection }).selection.told;
  assert.deepEqual([select({ layer: "x" }), select({ step: 40 }), select({ step: 41 })], [2, 2, null]);
});

test("that a network does not learn stays the news while others only reach accuracies", () => {
  const reached = (step, network) => told(step, "accuracy", { network });
  const all = happeningsOf([
    reached(22, "bn"),
    told(50, "still_smaller", { network: "plain" }),
    reached(66, "bn"),
    reached(176, "bn"),
    told(402, "wakes", { network: "plain" }),
    reached(462, "plain"),
  ]);
  const scene = (selection) => ({ selection, run: { ended: null }, history: { lastStep: 500 } });
  const shown = (step) => shownAt(all, scene({ step, told: null }))?.number;
  assert.deepEqual([30, 60, 70, 300, 410, 470, null].map(shown), [1, 2, 2, 2, 5, 6, 6]);
  assert.deepEqual(
    [30, 300, 410].map((step) => happenedUpTo(all, scene({ step }))),
    [1, 4, 5],
  );
  // Each can be gone to all the same.
  assert.deepEqual(
    all.map((one) => shownAt(all, scene(goingTo(all, one)))?.number),
    [1, 2, 3, 4, 5, 6],
  );
  const own = happeningsOf([told(50, "still", { network: "plain" }), reached(60, "plain"), reached(70, "bn")]);
  assert.equal(shownAt(own, scene({ step: 80, told: null }))?.number, 3);
});

test("a flag has a word or two, the list the sentence", () => {
  const wakes = told(40, "wakes", { message: "plain wakes up: ..." });
  assert.deepEqual([flagText(wakes, t), eventText(wakes, t)], ["wakes up", "plain wakes up: ..."]);
  assert.equal(flagText(event(7, "learning_rate", { message: "learning rate: 5" }), t), "learning rate: 5");
});

test("a small number stays what it is, in every language", () => {
  const notice = (value) => ({ code: "x", values: { value }, text: "" });
  const here = translator("ko", { texts: {}, messages: {}, notices: { x: "{value}" } });
  const said = [0.0000864, 0.00512, 0.1, 1234.5, 12345, 0, 3.43e36].map((value) => worded(notice(value), here));
  assert.deepEqual(said, ["8.64 · 10⁻⁵", "0.00512", "0.1", "1,234.5", "12,345", "0", "3.43 · 10³⁶"]);
});

test("no line of a sentence ends between a number and its unit", () => {
  assert.equal(
    sentenceOf(event(9, "note", { message: "5 % of it, 3 σ away" }), t),
    "step 9: 5\u00a0% of it, 3\u00a0σ away",
  );
});
