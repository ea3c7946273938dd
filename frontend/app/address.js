/**
 * The page's address: a new place is an entry of the browser's history, a change of what is looked at there is not.
 */

import { Throttle } from "./throttle.js";

/** A replay changes it in every frame, which costs, and browsers refuse to follow. */
const EVERY = 250;

export class Address {
  /**
   * @param {{pushState: History["pushState"], replaceState: History["replaceState"]}} [history]
   * @param {() => number} [clock] milliseconds
   */
  constructor(history = globalThis.history, clock) {
    this.history = history;
    this.throttle = new Throttle(EVERY, clock);
    /** @type {string | null} */
    this.place = null;
    /** while the browser goes back or on, what is opened makes no new entry */
    this.going = false;
  }

  /** Let the address be written, some times a second at most. @param {() => void} write */
  soon(write) {
    this.throttle.soon(write);
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
