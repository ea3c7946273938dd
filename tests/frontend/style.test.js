import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";

import { named, read } from "./sources.js";

/** Biome breaks code, but neither comments nor strings. Texts of the locales stand in one line each. */
const WIDTH = 120;

test("lines of code and comments are shorter than 120 characters", () => {
  const long = [];
  for (const folder of ["../../frontend/", "./"]) {
    const root = new URL(folder, import.meta.url);
    for (const name of readdirSync(root, { recursive: true })) {
      const path = name.replaceAll("\\", "/");
      if (!/\.(?:js|ts|css)$/.test(path) || /^(?:locales|node_modules)\//.test(path)) continue;
      const lines = readFileSync(new URL(path, root), "utf8").split("\n");
      for (const [i, line] of lines.entries()) if (line.length >= WIDTH) long.push(`${path}:${i + 1}`);
    }
  }
  assert.deepEqual(long, []);
});

const LENGTH = 250;
test("files of scripts and styles are of at most 250 lines", () => {
  const long = [...named(".js"), ...named(".css")].filter(
    (name) => !name.startsWith("locales/") && read(name).trimEnd().split("\n").length > LENGTH,
  );
  assert.deepEqual(long, []);
});
