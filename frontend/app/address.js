/**
 * The page's address: another route is an entry of the browser's history, a change of what is chosen there is not.
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
    this.route = null;
    /** while the browser goes back or on, what is opened makes no new entry */
    this.going = false;
  }

  /** Let the address be written, some times a second at most. @param {() => void} write */
  soon(write) {
    this.throttle.soon(write);
  }

  /** @param {string} url @param {string} route what is open, without what is chosen there */
  write(url, route) {
    const isNew = this.route !== null && route !== this.route && !this.going;
    this.route = route;
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
