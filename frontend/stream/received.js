/** The sequence numbers that have arrived, as intervals: frames may come newest first, twice, or in pieces. */
export class Received {
  constructor() {
    /** @type {[number, number][]} ascending, apart from each other */
    this.intervals = [];
  }

  /**
   * Note one number.
   * @param {number} seq
   * @returns {boolean} whether it is new
   */
  add(seq) {
    const list = this.intervals;
    const at = this.#before(seq);
    if (at >= 0 && seq <= list[at][1]) return false;
    const joinsLower = at >= 0 && list[at][1] === seq - 1;
    const joinsUpper = at + 1 < list.length && list[at + 1][0] === seq + 1;
    if (joinsLower && joinsUpper) {
      list[at][1] = list[at + 1][1];
      list.splice(at + 1, 1);
    } else if (joinsLower) list[at][1] = seq;
    else if (joinsUpper) list[at + 1][0] = seq;
    else list.splice(at + 1, 0, [seq, seq]);
    return true;
  }

  /** Whether a number between two that have arrived is missing. @param {number} from @param {number} to */
  missing(from, to) {
    if (this.intervals.length < 2) return false;
    return this.intervals[this.#before(from)]?.[1] < to;
  }

  /** The index of the last interval that begins at a number or before it; -1 where none does. @param {number} seq */
  #before(seq) {
    let [low, high] = [0, this.intervals.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.intervals[middle][0] <= seq) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** The highest number below which nothing is missing: what `after=` takes. */
  get contiguous() {
    return this.intervals.length && this.intervals[0][0] === 1 ? this.intervals[0][1] : 0;
  }

  /**
   * How much has arrived of all there is up to the highest number, 0 to 1; all, where nothing is known to be missing.
   * @param {number} [known] the highest number that is known to be, arrived or not
   */
  share(known = 0) {
    const last = Math.max(known, this.intervals.at(-1)?.[1] ?? 0);
    return last === 0 ? 1 : this.count / last;
  }

  /** How many numbers have arrived. */
  get count() {
    return this.intervals.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  }
}
