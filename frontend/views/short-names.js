/** Names of layers cut to the room that an axis has, so that each still tells its layer from the others. */

/** So many letters of a name's end say what the layer is; fewer say nothing. */
const FEWEST = 3;

/** What fits of a name: its end, from a whole part on. @param {string} text @param {number} letters */
const ending = (text, letters) => {
  if (text.length <= letters) return text;
  const end = text.slice(1 - letters);
  return `…${end.slice(end.indexOf(".", 1) + 1).replace(/^\./, "")}`;
};

/**
 * The parts of a name that others, which end alike, do not share, and as much of its end as has room beside them.
 * @param {string} text @param {string[]} alike @param {number} letters
 */
function between(text, alike, letters) {
  const others = alike.map((one) => one.split("."));
  const own = text.split(".").filter((part) => !others.every((parts) => parts.includes(part)));
  const mark = own.join(".");
  const left = letters - mark.length - 2;
  return mark === "" || left < FEWEST ? ending(text, letters) : `…${mark}…${text.slice(-left).replace(/^[._]+/, "")}`;
}

/**
 * Each name in at most so many letters.
 * @param {string[]} names @param {number} letters
 * @returns {string[]}
 */
export function shortNames(names, letters) {
  const ends = names.map((name) => ending(name, letters));
  /** @type {Map<string, string[]>} */
  const alike = new Map();
  for (const [i, end] of ends.entries()) alike.set(end, [...(alike.get(end) ?? []), names[i]]);
  return names.map((name, i) => {
    const group = alike.get(ends[i]) ?? [];
    return new Set(group).size > 1 ? between(name, group, letters) : ends[i];
  });
}
