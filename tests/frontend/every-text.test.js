/** A toy language from one catalogue, its texts in «»: whatever a figure shows that is in none is not translated. */

import assert from "node:assert/strict";
import test from "node:test";

import { translator } from "../../frontend/app/i18n.js";
import english from "../../frontend/locales/en.js";
import { VIEWS } from "../../frontend/views/index.js";
import { batchDriftScene } from "./batch-drift-scene.js";
import { CATALOGUES } from "./catalogues.js";
import { makeScene } from "./scene.js";

/** @param {string} text */
const marked = (text) => text.replace(/\{\w+\}|[^{}]+/g, (part) => (part.startsWith("{") ? part : `«${part}»`));
/** @param {Iterable<[string, string]>} texts */
const toyOf = (texts) => Object.fromEntries(Array.from(texts, ([key, text]) => [key, marked(text)]));
const toy = {
  language: "Toy",
  texts: toyOf(Object.entries(english)),
  messages: toyOf(Object.keys(CATALOGUES.ko.messages).map((message) => [message, message])),
  notices: {},
};
const t = translator("xx", toy);

/** The texts of a figure: what stands under these names, at any depth. */
const SHOWN = new Set(["text", "title", "name", "hovertemplate", "hovertext", "ticktext"]);
function* textsOf(value, name = "") {
  if (typeof value === "string") {
    if (SHOWN.has(name)) yield value;
  } else if (value && typeof value === "object" && !ArrayBuffer.isView(value))
    for (const [key, inner] of Object.entries(value)) yield* textsOf(inner, Array.isArray(value) ? name : key);
}

/** What of a text is words in no «»; Plotly's own tags and templates apart. @param {string} text */
const bare = (text) =>
  text
    .replace(/«[^»]*»/g, "")
    .replace(/<[^>]*>|%\{[^}]*\}/g, "")
    .match(/\p{L}{2,}/gu) ?? [];

for (const view of VIEWS)
  test(`all that the chart ${view.id} shows comes from the catalogue`, () => {
    const drawn = [makeScene(), batchDriftScene()];
    const scene = { ...(drawn.find((one) => view.available(one)) ?? drawn[0]), t };
    const { data, layout } = view.figure(scene, true);
    const above = [view.legend?.(scene) ?? [], view.controls?.(scene) ?? []].flat();
    const texts = [
      ...[...textsOf(data), ...textsOf(layout), view.summary(scene), t(`view.${view.id}`)],
      ...above.flatMap(({ text, label, options = [] }) => [text, label, ...options.map((one) => one.text)]),
    ].filter((text) => text !== undefined);
    assert.ok(texts.some((text) => text.includes("«")));
    for (const text of texts) assert.deepEqual(bare(text), [], text);
  });

test("a key that no catalogue has is found by the mark that it lacks", () => {
  assert.deepEqual(bare(t("quantity.of_my_own")), ["of", "my", "own"]);
  assert.deepEqual(bare(t("progress.of", { step: 3, total: 9 })), []);
});
