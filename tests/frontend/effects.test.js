// One click has one step: that from which the worker has done it, wherever the page names it.

import assert from "node:assert/strict";
import test from "node:test";

import { inEffect } from "../../frontend/app/effects.js";
import { happeningsOf } from "../../frontend/app/happenings.js";

const event = (step, kind, value, more = {}) => ({ time: step, step, kind, network: "", layer: "", value, ...more });
const frozen = { freeze_below: "hidden 3", bn_strength: 1 };
const released = { freeze_below: null, bn_strength: 1 };
const applied = (step, more) => event(step, "applied", { step, learning_rate: null, networks: {}, ...more });
const changed = (step, value, network = "plain") => event(step, "intervention", value, { network });

test("a change stands at the step from which the worker did it, in the order of these steps", () => {
  const events = [
    changed(572, frozen),
    event(574, "narration", {}, { code: "narration.accuracy" }),
    applied(576, { networks: { plain: { bn_strength: 1, freeze_below: "hidden 3" } } }),
  ];
  assert.deepEqual(
    happeningsOf(events).map(({ step, event: { kind } }) => [step, kind]),
    [
      [574, "narration"],
      [576, "intervention"],
    ],
  );
  assert.equal(inEffect(events), inEffect(events));
});

test("of two clicks in a row each has its own step; what was taken back before it was done has the next one's", () => {
  const steps = (events) =>
    inEffect(events)
      .filter(({ kind }) => kind !== "applied")
      .map(({ step }) => step);
  const taken = applied(14, { networks: { plain: frozen } });
  const back = applied(16, { networks: { plain: released } });
  assert.deepEqual(steps([changed(10, frozen), changed(12, released), taken, back]), [14, 16]);
  assert.deepEqual(steps([changed(10, frozen), changed(12, released), back]), [16, 16]);
  assert.deepEqual(steps([changed(20, frozen), taken]), [20]);
  assert.deepEqual(steps([changed(10, frozen, "other"), taken]), [10]);
});

test("so does a learning rate; what nobody has taken up yet stands where it was asked for", () => {
  const events = [event(20, "learning_rate", 0.5), applied(23, { learning_rate: 0.5 })];
  assert.deepEqual(
    inEffect(events).map(({ step }) => step),
    [23, 23],
  );
  const old = [event(20, "learning_rate", 0.5)];
  assert.equal(inEffect(old), old);
  assert.equal(happeningsOf(old)[0].step, 20);
});
