/** What happened in a run, on the axis of a chart: what stands too near to another, or is too much, shares a flag. */

/** @typedef {import("../../app/happenings.js").Happening} Happening */
/**
 * @typedef {object} FlagGroup
 * @property {number} at where it stands, in pixels from the axis' start: at its first happening
 * @property {number} step of that
 * @property {string} text its number, or the first and the last
 * @property {boolean} bad whether something broke at one of them
 * @property {boolean} before its text stands before its line, since behind it the axis ends
 */
/** @typedef {{at: number, happening: Happening}} Placed */

/** Flags nearer to each other than this, in pixels, are one. */
const NEAR = 13;
/** So many pixels of an axis for a flag, so that its lines are still seen between them; fewer flags stand anyhow. */
const ROOM = 32;
const FEW = 3;
/** About the width of a digit, and of what is around a text. */
const DIGIT = 6;
const RIM = 4;

/** @param {FlagGroup} group */
const widthOf = ({ text }) => DIGIT * text.length + RIM;

/** Where a text begins. @param {FlagGroup} group */
const startOf = (group) => (group.before ? group.at - widthOf(group) : group.at);

/**
 * A flag of what happened from one to another, on an axis of this length.
 * @param {Placed[]} all @param {number} length
 */
function flagOf(all, length) {
  const [{ at, happening: first }] = all;
  const { number: last } = all[all.length - 1].happening;
  const text = all.length > 1 ? `${first.number}–${last}` : String(last);
  const group = { at, step: first.step, text, bad: all.some(({ happening }) => happening.bad), before: false };
  return { ...group, before: at + widthOf(group) > length };
}

/**
 * Whether two neighbours would cover each other.
 * @param {FlagGroup} one @param {FlagGroup} next @param {number} near
 */
const tooNear = (one, next, near) => next.at - one.at < near || startOf(next) - startOf(one) < widthOf(one);

/**
 * @param {Placed[]} placed those on the axis, by where they stand
 * @param {number} length of the axis @param {number} near
 */
function grouped(placed, length, near) {
  /** @type {Placed[][]} */
  const groups = [];
  for (const one of placed) {
    groups.push([one]);
    // A text that has grown, or stands before its line now, may reach the one before it.
    while (groups.length > 1) {
      const [before, last] = groups.slice(-2);
      if (!tooNear(flagOf(before, length), flagOf(last, length), near)) break;
      groups.splice(-2, 2, [...before, ...last]);
    }
  }
  return groups.map((all) => flagOf(all, length));
}

/**
 * @param {Happening[]} happenings in the order of their steps
 * @param {(step: number) => number} pixel where a step stands; beyond the axis are others, or NaN
 * @param {number} length of the axis in pixels
 */
export function flagGroups(happenings, pixel, length) {
  const placed = happenings
    .map((happening) => ({ at: pixel(happening.step), happening }))
    .filter(({ at }) => at >= 0 && at <= length)
    .sort((a, b) => a.at - b.at);
  const most = Math.max(FEW, Math.floor(length / ROOM));
  let near = NEAR;
  let groups = grouped(placed, length, near);
  while (groups.length > most) {
    near *= 1.4;
    groups = grouped(placed, length, near);
  }
  return groups;
}
