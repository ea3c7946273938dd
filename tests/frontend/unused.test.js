import assert from "node:assert/strict";
import test from "node:test";

import { code, named, read } from "./sources.js";

/** Classes in our style sheets that Plotly gives to its elements. */
const OF_PLOTLY = ["scatterlayer", "heatmaplayer"];

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
