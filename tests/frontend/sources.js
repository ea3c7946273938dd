// The page's files as text, and what they import: for the tests that hold how it is built.

import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";

const ROOT = new URL("../../frontend/", import.meta.url);
const names = readdirSync(ROOT, { recursive: true })
  .map((name) => name.replaceAll("\\", "/"))
  .filter((name) => !name.startsWith("node_modules"));

/** A file of the page. @param {string} name */
export const read = (name) => readFileSync(new URL(name, ROOT), "utf8");

/** Names of all files with this ending. @param {string} ending */
export const named = (ending) => names.filter((name) => name.endsWith(ending));

/** A file without its comments; strings are passed over, so that an address in one is no comment. */
export const codeOf = (text) =>
  text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g, (found) =>
    found.startsWith("/") ? " " : found,
  );

/** The file that a path names from another. @param {string} name @param {string} path */
export const resolve = (name, path) => posix.join(posix.dirname(name), path);

/** All scripts by their names, whole. @type {Map<string, string>} */
export const sources = new Map(named(".js").map((name) => [name, read(name)]));
/** And without comments. @type {Map<string, string>} */
export const code = new Map([...sources].map(([name, text]) => [name, codeOf(text)]));
