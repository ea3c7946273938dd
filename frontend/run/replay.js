/** The replay: which step is shown next, by the clock. */

/** Seconds in which the whole run can be replayed. */
export const DURATIONS = [10, 30, 60, 180];

/** A network changes most in its first steps: so many of them have a share of the time of their own. */
const FIRST_STEPS = 50;
const FIRST_SHARE = 0.25;

/**
 * How many steps pass in a second, at a step.
 * @param {number} step
 * @param {number} last of the run
 * @param {number} seconds for the whole run
 */
function paceAt(step, last, seconds) {
  const even = last / seconds;
  if (FIRST_STEPS / last >= FIRST_SHARE) return Math.max(even, 1);
  return step < FIRST_STEPS
    ? FIRST_STEPS / (seconds * FIRST_SHARE)
    : (last - FIRST_STEPS) / (seconds * (1 - FIRST_SHARE));
}

export class Replay {
  constructor() {
    /** the clock at the last call; 0 where there was none */
    this.before = 0;
    this.position = 0;
  }

  /** Begin anew: what has passed till now does not count. */
  restart() {
    this.before = 0;
  }

  /**
   * The step to show now; null once the end is reached.
   * @param {number} from the step that is shown
   * @param {number} last of the run
   * @param {number} seconds in which the whole run passes
   * @param {number} now in milliseconds
   * @returns {number | null}
   */
  next(from, last, seconds, now) {
    let left = this.before === 0 ? 0 : (now - this.before) / 1000;
    this.before = now;
    let position = from === Math.round(this.position) ? this.position : from;
    const slow = paceAt(position, last, seconds);
    if (position < FIRST_STEPS && position + left * slow > FIRST_STEPS) {
      left -= (FIRST_STEPS - position) / slow;
      position = FIRST_STEPS;
    }
    this.position = position + left * paceAt(position, last, seconds);
    return this.position >= last ? null : Math.round(this.position);
  }
}
