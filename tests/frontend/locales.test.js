import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";

import { chooseLanguage, localized, translator } from "../../frontend/app/i18n.js";
import english from "../../frontend/locales/en.js";
import { VIEWS } from "../../frontend/views/index.js";
import { CATALOGUES } from "./catalogues.js";

const root = new URL("../../frontend/", import.meta.url);
const sources = readdirSync(root, { recursive: true })
  .map((name) => name.replaceAll("\\", "/"))
  .filter((name) => (name.endsWith(".js") || name === "index.html") && !/^(?:locales|node_modules)\//.test(name))
  .map((name) => readFileSync(new URL(name, root), "utf8"));

const blanks = (text) => [...new Set(text.match(/\{\w+\}/g))].sort();

for (const [tag, { language, texts, messages }] of Object.entries(CATALOGUES)) {
  test(`${tag} has every text, with the same blanks`, () => {
    assert.ok(language);
    assert.deepEqual(Object.keys(texts).sort(), Object.keys(english).sort());
    for (const [key, text] of Object.entries(texts)) {
      assert.deepEqual(blanks(text), blanks(english[key]), `${tag}: ${key}`);
      assert.ok(text.length > 0, key);
    }
    for (const [message, text] of Object.entries(messages)) assert.deepEqual(blanks(text), blanks(message), message);
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

test("what the page says before its scripts have come is what they say", () => {
  const page = readFileSync(new URL("index.html", root), "utf8");
  const said = [...page.matchAll(/data-t="([\w.]+)">([^<]+)</g)];
  assert.ok(said.length > 2);
  for (const [, key, text] of said) assert.equal(text, english[key]);
});

test("every chart has a name, a note and an explanation", () => {
  for (const { id } of VIEWS)
    for (const part of ["view", "note", "help"]) assert.ok(`${part}.${id}` in english, `${part}.${id}`);
});

test("the language is the one asked for, else the browser's, else English", () => {
  const known = ["en", "ko", "pt-BR"];
  assert.equal(chooseLanguage("ko", ["en"], known), "ko");
  assert.equal(chooseLanguage("xx", ["fr-FR", "ko-KR"], known), "ko");
  assert.equal(chooseLanguage(null, ["pt-BR"], known), "pt-BR");
  assert.equal(chooseLanguage(null, ["fr"], known), "en");
});

test("blanks are filled, and a key without a text shows as words", () => {
  const t = translator("en");
  assert.equal(t("progress.of", { step: 3, total: 9 }), "3 of 9 steps");
  assert.equal(t("drift.own_measure"), "own measure");
});

test("a message is worded before it is filled, and so are the messages in it", () => {
  const inner = { message: "{value} %", values: { value: "96.4" }, text: "96.4 %" };
  const text = { message: "{lost} lost", values: { lost: inner }, text: "96.4 % lost" };
  const t = translator("xx", {
    texts: {},
    messages: { "{lost} lost": "perdu {lost}", "{value} %": "{value}%" },
    notices: {},
  });
  assert.equal(localized(text, t), "perdu 96.4%");
  assert.equal(localized(text, translator("en")), "96.4 % lost");
  assert.equal(localized("Ten layers down", t), "Ten layers down");
});
