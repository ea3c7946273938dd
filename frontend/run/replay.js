/** The replay: which step is shown next, by the clock. */

/** How long the whole run takes at speed 1. */
const REPLAY_SECONDS = 12;

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
   * @param {number} speed
   * @param {number} now in milliseconds
   * @returns {number | null}
   */
  next(from, last, speed, now) {
    const passed = this.before === 0 ? 0 : (now - this.before) / 1000;
    this.before = now;
    const pace = Math.max(last / REPLAY_SECONDS, 1) * speed;
    this.position = from === Math.round(this.position) ? this.position + passed * pace : from;
    return this.position >= last ? null : Math.round(this.position);
  }
}
