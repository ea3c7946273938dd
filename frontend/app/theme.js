/** Light or dark: the one chosen, else what the system prefers. Figures get the colours of styles/theme.css. */

/** @typedef {import("../types").Theme} Theme */

/** @param {string | null} chosen @returns {Theme} */
export function setTheme(chosen) {
  const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  return readTheme();
}

/** @returns {Theme} */
export function readTheme() {
  const style = getComputedStyle(document.documentElement);
  const color = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim();
  return {
    name: document.documentElement.dataset.theme === "dark" ? "dark" : "light",
    ink: color("ink"),
    muted: color("muted"),
    faint: color("faint"),
    grid: color("grid"),
    surface: color("surface"),
    reference: color("reference"),
    bad: color("bad"),
  };
}
