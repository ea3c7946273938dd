/** Times and paces for people. */

/** @param {number} seconds @returns {string} 0:07, 12:30, 1:02:05 */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

const SLOWEST = 1;
const FASTEST = 1000;

/**
 * A slider's position (0 to 100) as steps per second: even in the logarithm; the right end is as fast as it goes.
 * @param {number} position
 */
export function paceOf(position) {
  if (position >= 100) return null;
  const pace = SLOWEST * (FASTEST / SLOWEST) ** (position / 99);
  return pace < 10 ? Math.round(pace * 10) / 10 : Math.round(pace);
}

/** @param {number | null} pace */
export function positionOf(pace) {
  if (pace === null) return 100;
  const position = (99 * Math.log(Math.max(pace, SLOWEST) / SLOWEST)) / Math.log(FASTEST / SLOWEST);
  return Math.min(99, Math.round(position));
}

/**
 * Seconds that a run still needs at its own speed so far; null when that is not known.
 * @param {import("../types").Run} run
 */
export function remaining(run) {
  if (run.total_steps === null || run.step <= 0 || !(run.elapsed > 0)) return null;
  return ((run.total_steps - run.step) * run.elapsed) / run.step;
}
