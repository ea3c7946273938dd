/** Small numeric helpers of the views. */

/**
 * A share of the way through sorted numbers.
 * @param {ArrayLike<number>} sorted ascending
 * @param {number} share 0 to 1
 */
export function quantile(sorted, share) {
  if (sorted.length === 0) return NaN;
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}

/** Height of an axis on which all is zero. */
const FLAT = 0.1;

/**
 * An axis range that one wild spike cannot flatten: all values when they lie near each other, else the middle 99 %.
 * @param {number[]} values
 * @param {{log?: boolean, zero?: boolean}} [options] `log`: in decades; `zero`: zero is always within
 * @returns {[number, number]} log axes in log10, as Plotly wants them
 */
export function robustRange(values, { log = false, zero = false } = {}) {
  const usable = [];
  for (const value of values) {
    if (Number.isFinite(value) && (!log || value > 0)) usable.push(log ? Math.log10(value) : value);
  }
  if (usable.length === 0) return log ? [-3, 1] : [0, 1];
  const sorted = Float64Array.from(usable).sort();
  let low = quantile(sorted, 0.005);
  let high = quantile(sorted, 0.995);
  const reach = 3 * (high - low);
  if (sorted[0] > low - reach) low = sorted[0];
  if (sorted[sorted.length - 1] < high + reach) high = sorted[sorted.length - 1];
  if (zero) [low, high] = [Math.min(low, 0), Math.max(high, 0)];
  const middle = (low + high) / 2;
  const least = log ? 1 : low === 0 && high === 0 ? FLAT : Math.abs(middle) * 0.02;
  if (high - low < least) [low, high] = [middle - least / 2, middle + least / 2];
  const margin = 0.07 * (high - low);
  return [zero && low === 0 ? 0 : low - margin, high + margin];
}

/**
 * The next of 1, 2, 5, 10, 20, ... at or above a positive number.
 * @param {number} value
 */
export function niceAbove(value) {
  if (!(value > 0) || !Number.isFinite(value)) return 1;
  const decade = 10 ** Math.floor(Math.log10(value) + 1e-9);
  for (const factor of [1, 2, 5]) if (factor * decade >= value * (1 - 1e-9)) return factor * decade;
  return 10 * decade;
}

/**
 * Last step of the time axis: doubles, and ends at the run's own end.
 * @param {number} last
 * @param {number | null} total
 * @param {boolean} over no more steps will come
 */
export function spanOf(last, total, over) {
  if (over) return Math.max(last, 1);
  let span = 64;
  while (span < last * 1.02) span *= 2;
  return total !== null && total >= last ? Math.max(Math.min(span, total), 1) : span;
}

/**
 * Positions spread evenly over a history, the last included.
 * @param {number} count @param {number} most
 */
export function spread(count, most) {
  if (count <= most) return Array.from({ length: count }, (_, i) => i);
  return Array.from({ length: most }, (_, i) => Math.round((i * (count - 1)) / (most - 1)));
}

/**
 * The mean of the last so many values; of fewer where it begins, and after what is not finite, which breaks it off.
 */
export class RunningMean {
  /** @param {number} over how many */
  constructor(over) {
    this.over = over;
    /**
     * The older values as sums of each with all that came after it, the oldest last. Nothing is ever taken off a sum:
     * of values that differ by many powers of ten, that would not leave the rest.
     * @type {number[]}
     */
    this.older = [];
    /** @type {number[]} */
    this.newer = [];
    this.sum = 0;
  }

  /** @param {number} value */
  next(value) {
    if (!Number.isFinite(value)) {
      Object.assign(this, { older: [], newer: [], sum: 0 });
      return NaN;
    }
    this.newer.push(value);
    this.sum += value;
    if (this.older.length + this.newer.length > this.over) this.#drop();
    return ((this.older.at(-1) ?? 0) + this.sum) / (this.older.length + this.newer.length);
  }

  /** Let the oldest value go. */
  #drop() {
    if (this.older.length === 0) {
      let sum = 0;
      for (const value of this.newer.reverse()) {
        sum += value;
        this.older.push(sum);
      }
      Object.assign(this, { newer: [], sum: 0 });
    }
    this.older.pop();
  }
}

/**
 * A number for people, three significant digits.
 * @param {number} value
 */
export function brief(value) {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5))
    return value.toExponential(1).replace("e+", "e").replaceAll("-", "−");
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return value.toFixed(digits).replace("-", "−");
}
