/** Ticks of log axes: of many decades the powers of ten, of few of them values between, so that each has some. */

import { brief } from "../app/numbers.js";

/** Decades, from which on the powers of ten are enough, and 1, 2 and 5 in each. */
const POWERS_FROM = 1.5;
const ONE_TWO_FIVE_FROM = 0.7;
const STEPS = [1, 2, 5, 10];

/** @param {number} low @param {number} high values */
function oneTwoFive(low, high) {
  const first = Math.floor(Math.log10(low));
  const last = Math.ceil(Math.log10(high));
  const powers = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  return powers.flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power));
}

/** @param {number} low @param {number} high values @param {number} most */
function evenly(low, high, most) {
  const least = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = power * (STEPS.find((one) => one * power >= least) ?? 10);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step);
}

/** @param {number} value */
const text = (value) => (value >= 1e-3 && value < 1e5 ? String(Number(value.toPrecision(3))) : brief(value));

/**
 * @param {[number, number]} range in decades
 * @param {number} [most] about how many labels there is room for
 */
export function logTicks(range, most = 5) {
  const span = range[1] - range[0];
  if (!(span > 0) || span >= POWERS_FROM) return { type: "log", dtick: Math.max(1, Math.ceil(span / most)) };
  const [low, high] = range.map((decade) => 10 ** decade);
  const values = span >= ONE_TWO_FIVE_FROM ? oneTwoFive(low, high) : evenly(low, high, most);
  const tickvals = values.filter((value) => value >= low && value <= high);
  return { type: "log", tickmode: "array", tickvals, ticktext: tickvals.map(text) };
}
