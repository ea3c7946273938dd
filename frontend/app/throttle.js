/** The newest of many wishes, some times a second at most. */

export class Throttle {
  /** @param {number} every milliseconds @param {() => number} [clock] milliseconds */
  constructor(every, clock = () => performance.now()) {
    this.every = every;
    this.clock = clock;
    this.acted = -every;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.waiting = undefined;
  }

  /** Act now or soon, in place of what still waits. @param {() => void} act */
  soon(act) {
    clearTimeout(this.waiting);
    const wait = this.acted + this.every - this.clock();
    if (wait > 0) this.waiting = setTimeout(() => this.soon(act), wait);
    else {
      this.acted = this.clock();
      act();
    }
  }
}
