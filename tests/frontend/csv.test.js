import assert from "node:assert/strict";
import test from "node:test";

import { csv, csvCell, csvFile } from "../../frontend/charts/csv.js";
import { StreamHistory } from "../../frontend/stream/history.js";
import { RunHistory } from "../../frontend/stream/run-history.js";
import { affine } from "../../frontend/views/affine.js";
import { gradients } from "../../frontend/views/gradients.js";
import { layersRow, makeScene } from "./scene.js";

test("cells of a CSV file are quoted where they must be, and never run", () => {
  assert.equal(csvCell('a "b", c'), '"a ""b"", c"');
  assert.equal(csvCell("=SUM(A1)"), "'=SUM(A1)");
  for (const sign of ["+1", "-1", "@x", "\t=1", "\r=1", " =1", "＝1"])
    assert.match(csvCell(sign), /^"?'/, JSON.stringify(sign));
  assert.equal(csvCell("a\rb"), '"a\rb"');
  assert.equal(csvCell("a\0b\u202ec"), "a\ufffdb\ufffdc");
  assert.equal(
    csv([
      ["a", NaN],
      ["b", -1],
    ]),
    "a,NaN\nb,-1\n",
  );
});

test("a file of a run that is not all in the page says so in its name and in its first line", () => {
  const scene = makeScene();
  const part = csvFile(gradients, scene, 0.437);
  assert.equal(part.name, "a run gradients partial.csv");
  const [first, ...rest] = part.text.split("\n");
  assert.equal(first, "# partial: 43% of the run's frames had been loaded");
  const whole = csvFile(gradients, scene);
  assert.equal(whole.name, "a run gradients.csv");
  assert.equal(rest.join("\n"), whole.text);
});

test("a file lacks no row without a word: those that the page let go are counted", () => {
  const scene = makeScene({ steps: [] });
  const history = new RunHistory(scene.layoutIndex.sizes);
  history.streams.set(1, new StreamHistory(scene.layoutIndex.sizes.get(1), 16));
  for (let step = 0; step < 100; step++)
    history.append({ stream: 1, seq: step + 1, step, time: 0, row: layersRow(scene.layoutIndex, step) });
  const { name, text } = csvFile(affine, { ...scene, history });
  assert.match(name, / partial\.csv$/);
  const { kept } = history.stream(1);
  assert.ok(text.startsWith(`# partial: ${100 - kept} recorded frames are left out`));
  assert.equal(text.trim().split("\n").length, 2 + 8 * kept);
});
