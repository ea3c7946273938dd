/** One page's view that others follow: what a page does with what it hears, without a document or a socket. */

/**
 * How it stands, as the server sends it.
 * @typedef {object} Standing
 * @property {number} watching pages that are open, without the presenter's
 * @property {number} following those of them that follow
 * @property {boolean} presenting whether a page presents
 * @property {boolean} mine whether it is this one
 * @property {string} view what it shows, as the query of a link
 * @property {number} calls how often everyone was called
 */

/** @type {Standing} */
const NOTHING = { watching: 0, following: 0, presenting: false, mine: false, view: "", calls: 0 };

/**
 * @typedef {object} Host
 * @property {() => string} view what this page shows
 * @property {(view: string) => void} show
 * @property {(message: Record<string, any>) => void} send
 */

export class Following {
  /** @param {Host} host */
  constructor(host) {
    this.host = host;
    this.now = NOTHING;
    this.heard = false;
    /** whether this page follows; and whether it did before it looked around */
    this.follows = this.left = false;
    /** whether this page presents, or wants to */
    this.presents = false;
    /** what is shown of the presenter's view; null when that has changed since */
    this.shown = /** @type {string | null} */ (null);
    this.moving = false;
  }

  /** The connection is another: the server knows nothing of this page. */
  begin() {
    this.heard = false;
  }

  /** @param {Standing} standing */
  hear(standing) {
    const { now: before, heard } = this;
    this.now = standing;
    this.heard = true;
    if (!heard) this.#introduce();
    if (before.mine && standing.presenting && !standing.mine) this.presents = false; // another presents instead
    if (!standing.presenting) this.follows = this.left = false;
    // A page that comes later was not called.
    else if (heard && standing.calls > before.calls && !standing.mine) this.#follow();
    else if (this.follows) this.#show();
  }

  present() {
    this.presents = true;
    this.follows = this.left = false;
    this.host.send({ type: "present", view: this.host.view() });
  }

  stop() {
    this.presents = false;
    this.host.send({ type: "leave" });
  }

  call() {
    this.host.send({ type: "call" });
  }

  follow() {
    this.#follow();
  }

  lookAround() {
    this.left = this.follows;
    this.follows = false;
    this.host.send({ type: "follow", following: false });
  }

  /** Called when what this page shows may have changed. */
  moved() {
    if (this.presents) this.host.send({ type: "present", view: this.host.view() });
    else if (this.follows && !this.moving && this.host.view() !== this.shown) this.lookAround();
  }

  #introduce() {
    if (this.presents) this.present();
    else if (this.follows) this.host.send({ type: "follow", following: true });
  }

  #follow() {
    if (!this.follows) this.host.send({ type: "follow", following: true });
    this.follows = true;
    this.left = false;
    this.#show();
  }

  #show() {
    if (this.now.view !== this.host.view()) {
      this.moving = true;
      this.host.show(this.now.view);
      this.moving = false;
    }
    this.shown = this.host.view();
  }
}
