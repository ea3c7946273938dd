import assert from "node:assert/strict";
import { test } from "node:test";
import { attention } from "../../frontend/views/attention.js";
import { HEADER, layout, makeScene, NETWORKS } from "./scene.js";

const SHARE = "attention_entropy_share";

/** Three steps of a network whose attention came at the second one: the stream was declared empty. */
function sceneOf() {
  const first = layout(7, "attention", []);
  const entries = [
    { network: NETWORKS[0], layer: "a · attention", site: "attention", quantity: SHARE, shape: [2] },
    { network: NETWORKS[0], layer: "b · attention", site: "attention", quantity: SHARE, shape: [1] },
  ];
  const later = { ...layout(7, "attention", entries), revision: 1 };
  const scene = makeScene({ header: { ...HEADER, layouts: [first, later] }, steps: [] });
  scene.history.revise(scene.layoutIndex);
  for (const [seq, step] of [
    [1, 4],
    [2, 5],
  ]) {
    scene.history.append({ stream: 7 + 65_536, seq, step, time: 0, row: Float32Array.of(0.9 - seq / 10, 0.5, 0.25) });
  }
  return scene;
}

test("each head of each attention has a line from the step on at which it was there", () => {
  const scene = sceneOf();
  const { data } = attention.figure(scene);
  const drawn = data.filter(({ y }) => y?.length > 1);
  assert.deepEqual(
    drawn.map(({ name }) => name),
    ["a · attention, head 1", "a · attention, head 2", "b · attention"].map((name) => `${NETWORKS[0]} · ${name}`),
  );
  assert.deepEqual(
    drawn.map(({ x, y }) => [[...x], [...y].map((value) => Math.round(100 * value))]),
    [
      [
        [4, 5],
        [80, 70],
      ],
      [
        [4, 5],
        [50, 50],
      ],
      [
        [4, 5],
        [25, 25],
      ],
    ],
  );
  assert.match(attention.summary(scene), /70/);
});

test("where nothing returns weights there is no chart", () => {
  assert.ok(!attention.available(makeScene()));
});

test("its legend names each attention by its shade and each head by its dash", () => {
  const scene = sceneOf();
  const items = attention.legend(scene);
  assert.deepEqual(
    items.map(({ text }) => text),
    ["a · attention", "b · attention", "head 1", "head 2"],
  );
  const [first, second] = attention.series(scene);
  assert.deepEqual([first.dash, second.dash], [items[2].pattern, items[3].pattern]);
  assert.notDeepEqual(items[2].pattern, items[3].pattern);
});
