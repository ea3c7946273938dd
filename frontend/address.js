/** The page's address: a new place is an entry of the browser's history, a change of what is looked at there is not. */

export class Address {
  /** @param {{pushState: History["pushState"], replaceState: History["replaceState"]}} [history] */
  constructor(history = globalThis.history) {
    this.history = history;
    /** @type {string | null} */
    this.place = null;
    /** while the browser goes back or on, what is opened makes no new entry */
    this.going = false;
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
