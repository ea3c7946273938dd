import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";

import { code, codeOf, named, read, resolve, sources } from "./sources.js";

/** Classes in our style sheets that Plotly gives to its elements. */
const OF_PLOTLY = ["scatterlayer", "heatmaplayer"];

const STATIC = /\bimport\s+(?:(\w+)\s*,?\s*)?(?:\{([^}]*)\}\s*)?from\s+"(\.[^"]+)"/g;
const DYNAMIC = /\bimport\("(\.[^"]+)"\)(?:\.(\w+))?/g;
const EXPORT = /^export (?:default|(?:async )?(?:const|let|function\*?|class) (\w+))/gm;

/** What a file takes from others: "file name". @param {string} name @param {string} text @param {string} [folder] */
function takenBy(name, text, folder = "") {
  const taken = [];
  for (const [, main, list, path] of text.matchAll(STATIC)) {
    const file = resolve(name, path).replace(folder, "");
    if (main) taken.push(`${file} default`);
    for (const one of (list ?? "").split(",")) if (one.trim()) taken.push(`${file} ${one.trim().split(" as ")[0]}`);
  }
  for (const [, path, type] of text.matchAll(DYNAMIC)) taken.push(`${resolve(name, path)} ${type ?? "default"}`);
  return taken;
}

const here = new URL("./", import.meta.url);
const byTests = new Set(
  readdirSync(here)
    .filter((name) => name.endsWith(".js"))
    .flatMap((name) => takenBy(name, codeOf(readFileSync(new URL(name, here), "utf8")), "../../frontend/")),
);
const byThePage = new Set([...sources].flatMap(([name, text]) => takenBy(name, text)));
const times = (text, word) => [...text.matchAll(new RegExp(`\\b${word}\\b`, "g"))].length;

test("the page uses all that its files export, not the tests alone", () => {
  const exported = [...code].flatMap(([name, text]) =>
    [...text.matchAll(EXPORT)].map(([, what]) => ({ name, what: what ?? "default", text })),
  );
  const unused = exported.filter(
    ({ name, what, text }) =>
      !byThePage.has(`${name} ${what}`) && !(byTests.has(`${name} ${what}`) && times(text, what) > 1),
  );
  assert.ok(exported.length > 200);
  assert.deepEqual(
    unused.map(({ name, what }) => `${name} ${what}`),
    [],
  );
});

test("every type is used", () => {
  const unused = [];
  for (const [name, text] of sources)
    for (const [, what] of text.matchAll(/@typedef \{(?:[^{}]|\{[^{}]*\})*\} (\w+)/g))
      if (times(text, what) < 2 && !byThePage.has(`${name} ${what}`)) unused.push(`${name} ${what}`);
  const types = read("types.d.ts");
  for (const [, what] of types.matchAll(/^export (?:interface|type) (\w+)/gm))
    if (times(types, what) < 2 && ![...sources.values()].some((text) => text.includes(`types").${what}`)))
      unused.push(`types.d.ts ${what}`);
  assert.deepEqual(unused, []);
});

const literals = (text) => [...text.matchAll(/["`]([^"`]*)["`]/g)].map((match) => match[1]);
const words = (texts) => new Set(texts.flatMap((text) => text.split(/\s+/)).filter(Boolean));

/** What the page gives to its elements: in index.html by one pattern, in its scripts in literals within another. */
function given(inPage, inCode) {
  const found = [...read("index.html").matchAll(inPage)].map((match) => match[1]);
  for (const text of code.values()) for (const [, within] of text.matchAll(inCode)) found.push(...literals(within));
  return words(found);
}

const GIVEN = {
  ".": given(/ class="([^"]+)"/g, /\b(?:class(?:Name)?(?::| =)|classList\.\w+\() ?([^\n,;})]+)/g),
  "#": given(/ id="([^"]+)"/g, /\bid: ([^\n,;}]+)/g),
};

test("every class and id of the style sheets is given to something", () => {
  const unused = [];
  let count = 0;
  for (const name of named(".css")) {
    const heads = read(name)
      .replace(/\/\*[\s\S]*?\*\//g, "")
      .matchAll(/([^{};]+)\{/g);
    for (const [, head] of heads) {
      if (head.trim().startsWith("@")) continue;
      for (const [whole, kind, what] of head.matchAll(/([.#])([a-zA-Z][\w-]*)/g)) {
        count++;
        if (!GIVEN[kind].has(what) && !OF_PLOTLY.includes(what)) unused.push(`${name} ${whole}`);
      }
    }
  }
  assert.ok(count > 300);
  assert.deepEqual(unused, []);
});
