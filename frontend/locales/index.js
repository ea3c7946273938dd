/** The languages of the page: one line and one file each. */

/** @type {Record<string, {name: string, load: () => Promise<{default: Record<string, string>}>}>} */
export const LANGUAGES = {
  en: { name: "English", load: () => import("./en.js") },
  ko: { name: "한국어", load: () => import("./ko.js") },
};
