/**
 * The page's address: a new place is an entry of the browser's history, a change of what is looked at there is not.
 */

const EVERY = 250;

export class Address {
  /**
   * @param {{pushState: History["pushState"], replaceState: History["replaceState"]}} [history]
   * @param {() => number} [clock] milliseconds
   */
  constructor(history = globalThis.history, clock = () => performance.now()) {
    this.history = history;
    this.clock = clock;
    /** @type {string | null} */
    this.place = null;
    /** while the browser goes back or on, what is opened makes no new entry */
    this.going = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.waiting = undefined;
    this.followed = -EVERY;
  }

  /**
   * Let the address be written, some times a second at most: a replay changes it in every frame, which costs, and
   * browsers refuse to follow.
   * @param {() => void} write
   */
  soon(write) {
    clearTimeout(this.waiting);
    const now = this.clock();
    const wait = this.followed + EVERY - now;
    if (wait > 0) this.waiting = setTimeout(() => this.soon(write), wait);
    else {
      this.followed = now;
      write();
    }
  }

  /** @param {string} url @param {string} place what is open, without how it is looked at */
  write(url, place) {
    const isNew = this.place !== null && place !== this.place && !this.going;
    this.place = place;
    if (isNew) this.history.pushState(null, "", url);
    else this.history.replaceState(null, "", url);
  }

  /** Go where the browser's history points. @param {() => void} go */
  follow(go) {
    this.going = true;
    try {
      go();
    } finally {
      this.going = false;
    }
  }
}
