import assert from "node:assert/strict";
import { posix } from "node:path";
import test from "node:test";

import { code, codeOf, resolve, sources } from "./sources.js";

/** The page's rooms, the lowest first: a file imports, types too, from its own room and from those before it. */
const ROOMS = [
  "locales",
  "app",
  "api.js",
  "stream",
  "views",
  "charts/painting",
  "charts",
  "run",
  "experiments",
  "page",
  "main.js",
  "boot.js",
];

/** What stands in these rooms alone, and what does not stand in those. Comments may name anything. */
const WALLS = [
  { what: "the page itself", code: /\b(?:document|window)\b/, never: ["stream", "views"] },
  { what: "Plotly", code: /plotly/i, only: ["charts", "charts/painting"] },
  {
    what: "Plotly's internals",
    code: /\b(?:_full\w*|calcdata)\b|\._(?:m|b|offset|length)\b/,
    only: ["charts", "charts/painting"],
  },
];

/** Where a wall does not stand: "file: what" or "file -> file". Empty, and to stay so. */
const EXCEPTIONS = [];

const files = [...sources.keys()];

const IMPORT = /\b(?:from|import)\s*\(?\s*"(\.[^"]+)"|new URL\("(\.[^"]+\.js)", import\.meta\.url\)/g;
const OUTSIDE = /(?:^|\/)(?:plotly\.min\.js|types)$/;
const importsOf = (name, text) =>
  [...text.matchAll(IMPORT)]
    .map((match) => resolve(name, match[1] ?? match[2]))
    .filter((target) => !OUTSIDE.test(target));
const imports = new Map([...code].map(([name, text]) => [name, importsOf(name, text)]));
/** Those of types too, which stand in comments. */
const known = new Map([...sources].map(([name, text]) => [name, importsOf(name, text)]));

const roomOf = (name) => (name.includes("/") ? posix.dirname(name) : name);

function wrongEdges() {
  const wrong = [];
  for (const [name, targets] of known) {
    for (const target of targets) {
      if (ROOMS.indexOf(roomOf(target)) > ROOMS.indexOf(roomOf(name))) wrong.push(`${name} -> ${target}`);
    }
  }
  return wrong;
}

function breaches() {
  const found = [];
  for (const [name, text] of code) {
    for (const { what, code: pattern, never, only } of WALLS) {
      const forbidden = only ? !only.includes(roomOf(name)) : never.includes(roomOf(name));
      if (forbidden && pattern.test(text)) found.push(`${name}: ${what}`);
    }
  }
  return found;
}

/** A way of imports from a file back to itself, if there is one. */
function circle() {
  const done = new Set();
  const way = [];
  const visit = (name) => {
    if (way.includes(name)) return [...way.slice(way.indexOf(name)), name];
    if (done.has(name)) return null;
    way.push(name);
    for (const target of imports.get(name)) {
      const found = visit(target);
      if (found) return found;
    }
    way.pop();
    done.add(name);
    return null;
  };
  for (const name of files) {
    const found = visit(name);
    if (found) return found;
  }
  return null;
}

test("every file has a room, and imports files that are there", () => {
  assert.ok(files.length > 60);
  assert.deepEqual(
    files.filter((name) => !ROOMS.includes(roomOf(name))),
    [],
  );
  for (const [name, targets] of known) {
    for (const target of targets) assert.ok(imports.has(target), `${name} imports ${target}`);
  }
  assert.ok([...imports.values()].flat().length > 200);
});

test("no file imports from a higher room, and what belongs to one room stands there alone", () => {
  assert.deepEqual([...wrongEdges(), ...breaches()].sort(), EXCEPTIONS);
});

test("no file imports itself by way of others", () => {
  assert.equal(circle(), null);
});

test("comments are no code, addresses in strings no comments", () => {
  assert.equal(codeOf('a("https://b"); // document\n/** window */ c(`//d`);'), 'a("https://b");  \n  c(`//d`);');
});
