/** The catalogues of all languages, read from their folder as the server would. */

import { readdirSync, readFileSync } from "node:fs";

const folder = new URL("../../backend/shiftscope/translations/", import.meta.url);

/** @type {Record<string, import("../../frontend/types").Catalogue>} */
export const CATALOGUES = Object.fromEntries(
  readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => [name.slice(0, -5), JSON.parse(readFileSync(new URL(name, folder), "utf8"))]),
);
