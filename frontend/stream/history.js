/**
 * All that has been measured in a stream, held once in typed arrays.
 *
 * Every frame keeps its step and the columns that a chart asked for; whole rows are kept up to a budget. When that is
 * full, rows between others are let go (never the first or the newest), so that the whole run stays open to the
 * scrubber and memory stays flat; the columns lose nothing.
 */

const CHUNK_ROWS = 64;
const ROW_BUDGET_BYTES = 24 * 2 ** 20;
const FEWEST_ROWS = 2304;
const MOST_ROWS = 65_536;

/**
 * @template {Float32Array | Float64Array | Uint32Array | Int32Array} T
 * @param {T} array
 * @param {number} length
 * @returns {T}
 */
function grown(array, length) {
  if (length <= array.length) return array;
  const larger = /** @type {T} */ (new /** @type {any} */ (array.constructor)(Math.max(length, 2 * array.length)));
  larger.set(/** @type {any} */ (array));
  return larger;
}

/** How many rows of so many floats the budget has room for. @param {number} size */
const capacityOf = (size) =>
  Math.min(MOST_ROWS, Math.max(FEWEST_ROWS, Math.floor(ROW_BUDGET_BYTES / (4 * size || 1))));

/** The frames of one stream. A *slot* is a frame by order of arrival, a *position* is one by order of steps. */
export class StreamHistory {
  /**
   * @param {number} size floats in a row
   * @param {number} [capacity] how many whole rows are kept; by default as many as the budget has room for
   */
  constructor(size, capacity) {
    this.size = size;
    this.fixed = capacity !== undefined;
    this.capacity = capacity ?? capacityOf(size);
    this.count = 0;
    this.steps = new Float64Array(256);
    this.seqs = new Uint32Array(256);
    this.times = new Float64Array(256);
    /** position to slot */
    this.order = new Uint32Array(256);
    /** slot to kept row, or -1 */
    this.rowOf = new Int32Array(256);
    this.kept = 0;
    /** grows whenever something other than an append at the end happened: what was drawn must be drawn anew */
    this.epoch = 0;
    /**
     * Whether frames between two sequence numbers are still on their way: nothing is drawn across them.
     * @type {(from: number, to: number) => boolean}
     */
    this.missing = () => false;
    /** @type {Float32Array[]} */
    this.chunks = [];
    /** @type {number[]} */
    this.free = [];
    this.nextRow = 0;
    /** @type {{index: number, row: Float32Array}[]} */
    this.views = [];
    /** @type {Map<number, Float32Array>} column values by slot, by offset */
    this.columns = new Map();
    /** @type {Map<number, Uint8Array>} slots without a value of their own when a column was made, by offset */
    this.unknown = new Map();
  }

  /** @param {number} step @param {number} seq @param {number} time @param {Float32Array} row */
  append(step, seq, time, row) {
    const slot = this.count++;
    this.steps = grown(this.steps, this.count);
    this.seqs = grown(this.seqs, this.count);
    this.times = grown(this.times, this.count);
    this.order = grown(this.order, this.count);
    this.rowOf = grown(this.rowOf, this.count);
    this.rowOf[slot] = -1;
    this.steps[slot] = step;
    this.seqs[slot] = seq;
    this.times[slot] = time;
    this.#place(slot, step);
    for (const [offset, values] of this.columns) {
      const larger = grown(values, this.count);
      if (larger !== values) this.columns.set(offset, larger);
      larger[slot] = row[offset];
    }
    this.#keep(slot, row);
  }

  /** @param {number} slot @param {number} step */
  #place(slot, step) {
    if (slot === 0 || step >= this.steps[this.order[slot - 1]]) {
      this.order[slot] = slot;
      return;
    }
    const at = this.position(step, slot) + 1;
    this.order.copyWithin(at + 1, at, slot);
    this.order[at] = slot;
    this.epoch++;
  }

  /** @param {number} slot @param {Float32Array} row */
  #keep(slot, row) {
    if (this.kept >= this.capacity) this.#thin();
    const index = this.free.pop() ?? this.nextRow++;
    const chunk = Math.floor(index / CHUNK_ROWS);
    if (chunk >= this.chunks.length) this.chunks.push(new Float32Array(CHUNK_ROWS * this.size));
    this.chunks[chunk].set(row, (index % CHUNK_ROWS) * this.size);
    this.rowOf[slot] = index;
    this.kept++;
  }

  /** Keep longer rows from now on; those that are kept lack the rest. @param {number} size */
  widen(size) {
    if (size <= this.size) return;
    this.chunks = this.chunks.map((chunk) => {
      const wider = new Float32Array(CHUNK_ROWS * size).fill(NaN);
      for (let row = 0; row < CHUNK_ROWS; row++)
        wider.set(chunk.subarray(row * this.size, (row + 1) * this.size), row * size);
      return wider;
    });
    this.size = size;
    this.views = [];
    this.epoch++;
    if (!this.fixed) this.capacity = capacityOf(size);
    if (this.kept > this.capacity) this.#thin();
  }

  /** Let rows go until about half are left, evenly over the steps. */
  #thin() {
    const last = this.count - 2;
    const spacing = (0.9 * 2 * (this.steps[this.order[last]] - this.steps[this.order[0]])) / this.capacity;
    let kept = this.steps[this.order[0]];
    for (let position = 1; position < last; position++) {
      const slot = this.order[position];
      if (this.rowOf[slot] < 0) continue;
      if (this.steps[slot] >= kept + spacing) kept = this.steps[slot];
      else {
        this.free.push(this.rowOf[slot]);
        this.rowOf[slot] = -1;
        this.kept--;
      }
    }
  }

  /**
   * The last position whose step is at most `step`; -1 before the first.
   * @param {number} step
   * @param {number} [among] how many positions are filled
   */
  position(step, among = this.count) {
    let low = 0;
    let high = among;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.steps[this.order[middle]] <= step) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /**
   * The kept slot that shows `step`: the last at or before it, else the first of all. -1 without any.
   * @param {number | null} step null is the newest
   */
  slotAt(step) {
    if (this.count === 0) return -1;
    let position = step === null ? this.count - 1 : this.position(step);
    while (position >= 0 && this.rowOf[this.order[position]] < 0) position--;
    if (position >= 0) return this.order[position];
    return this.order[0];
  }

  /**
   * The whole row of a slot, or null when only its columns are kept.
   * @param {number} slot
   */
  row(slot) {
    const index = slot < 0 || slot >= this.count ? -1 : this.rowOf[slot];
    if (index < 0) return null;
    // The same few rows are asked for again and again in one frame.
    let view = this.views[index % 4];
    if (view?.index !== index) {
      const start = (index % CHUNK_ROWS) * this.size;
      view = { index, row: this.chunks[Math.floor(index / CHUNK_ROWS)].subarray(start, start + this.size) };
      this.views[index % 4] = view;
    }
    return view.row;
  }

  /**
   * One number of a kept row, without making a view of it; NaN where the row was let go.
   * @param {number} slot @param {number} offset
   */
  value(slot, offset) {
    const index = slot < 0 ? -1 : this.rowOf[slot];
    if (index < 0) return NaN;
    return this.chunks[Math.floor(index / CHUNK_ROWS)][(index % CHUNK_ROWS) * this.size + offset];
  }

  /**
   * One number of every frame, by slot. The first call makes the column from the kept rows (a frame whose row was let
   * go takes the value before it, and has none of its own); from then on every frame adds to it.
   * @param {number} offset
   * @returns {Float32Array}
   */
  column(offset) {
    const known = this.columns.get(offset);
    if (known) return known;
    const values = new Float32Array(this.steps.length);
    const unknown = new Uint8Array(this.count);
    let last = NaN;
    for (let position = 0; position < this.count; position++) {
      const slot = this.order[position];
      if (this.rowOf[slot] >= 0) last = this.value(slot, offset);
      else unknown[slot] = 1;
      values[slot] = last;
    }
    this.columns.set(offset, values);
    if (this.kept < this.count) this.unknown.set(offset, unknown);
    return values;
  }

  /**
   * Whether a column holds a frame's own value.
   * @param {number} slot @param {number} offset
   */
  has(slot, offset) {
    return !this.unknown.get(offset)?.[slot];
  }

  /** Whether frames just before a position are still on their way. @param {number} position */
  gapBefore(position) {
    return position > 0 && this.missing(this.seqs[this.order[position - 1]], this.seqs[this.order[position]]);
  }

  get lastStep() {
    return this.count ? this.steps[this.order[this.count - 1]] : 0;
  }

  /** slot of the frame with the highest step */
  get newest() {
    return this.count ? this.order[this.count - 1] : -1;
  }
}
