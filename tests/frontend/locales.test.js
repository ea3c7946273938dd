import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";

import { chooseLanguage, translator } from "../../frontend/app/i18n.js";
import english from "../../frontend/locales/en.js";
import { LANGUAGES } from "../../frontend/locales/index.js";
import { VIEWS } from "../../frontend/views/index.js";

const root = new URL("../../frontend/", import.meta.url);
const sources = readdirSync(root, { recursive: true })
  .map((name) => name.replaceAll("\\", "/"))
  .filter((name) => (name.endsWith(".js") || name === "index.html") && !/^(?:locales|node_modules)\//.test(name))
  .map((name) => readFileSync(new URL(name, root), "utf8"));

for (const [tag, { load }] of Object.entries(LANGUAGES)) {
  test(`${tag} has every text, with the same blanks`, async () => {
    const texts = (await load()).default;
    assert.deepEqual(Object.keys(texts).sort(), Object.keys(english).sort());
    for (const [key, text] of Object.entries(texts)) {
      const blanks = (one) => [...one.matchAll(/\{\w+\}/g)].map(String).sort();
      assert.deepEqual(blanks(text), blanks(english[key]), `${tag}: ${key}`);
      assert.ok(text.length > 0, key);
    }
  });
}

test("every text that the page asks for is there", () => {
  const asked = sources
    .flatMap((source) =>
      [
        ...source.matchAll(/\bt\(\s*"([\w.]+)"/g),
        ...source.matchAll(/data-t(?:-label|-title)?="([\w.]+)"/g),
        ...source.matchAll(/title: "((?:quantity|view)\.\w+)"/g),
      ].map((match) => match[1]),
    )
    .filter((key) => key !== "locale");
  assert.ok(asked.length > 80);
  assert.deepEqual(
    asked.filter((key) => !(key in english)),
    [],
  );
});

test("every chart has a name, a note and an explanation", () => {
  for (const { id } of VIEWS)
    for (const part of ["view", "note", "help"]) assert.ok(`${part}.${id}` in english, `${part}.${id}`);
});

test("the language is the one asked for, else the browser's, else English", () => {
  assert.equal(chooseLanguage("ko", ["en"]), "ko");
  assert.equal(chooseLanguage("xx", ["fr-FR", "ko-KR"]), "ko");
  assert.equal(chooseLanguage(null, ["fr"]), "en");
});

test("blanks are filled, and a key without a text shows as words", () => {
  const t = translator("en", english);
  assert.equal(t("progress.of", { step: 3, total: 9 }), "step 3 of 9");
  assert.equal(t("drift.own_measure"), "own measure");
});
