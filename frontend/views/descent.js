/**
 * Gradient descent on a quadratic loss of two weights, in the directions in which the loss is steepest and flattest.
 *
 * All is counted from the lowest point, in units of how far the start is from it: so two losses whose weights differ
 * by orders of magnitude are seen on one scale. Along a direction of curvature λ a step of learning rate η multiplies
 * the distance by 1 − ηλ.
 */

/** @typedef {import("../types").QuadraticLoss} QuadraticLoss */
/**
 * @typedef {object} Bowl
 * @property {number[]} curvatures the largest first
 * @property {[number, number][]} directions unit vectors
 * @property {number[]} start along each direction
 * @property {number} unit distance of the start, in the weights' own units
 */

/** The excess loss that is left where gradient descent has arrived; 1 is that of the start. */
const ENOUGH = 0.01;
/** More steps are not followed. */
const MOST_STEPS = 600;
/** Out of sight. */
const FAR = 4;

/** @type {WeakMap<QuadraticLoss, Bowl>} */
const known = new WeakMap();

/**
 * The loss by its two directions. Descent begins where the loss is 1 above the lowest, one half of it across and one
 * half along.
 * @param {QuadraticLoss} loss
 * @returns {Bowl}
 */
export function bowlOf(loss) {
  let bowl = known.get(loss);
  if (!bowl) {
    bowl = makeBowl(loss);
    known.set(loss, bowl);
  }
  return bowl;
}

/** @param {QuadraticLoss} loss @returns {Bowl} */
function makeBowl({ hessian: [[a, b], [, c]] }) {
  const turn = Math.atan2(2 * b, a - c) / 2;
  const reach = Math.hypot((a - c) / 2, b);
  const curvatures = [(a + c) / 2 + reach, (a + c) / 2 - reach];
  /** @type {[number, number][]} */
  const directions = [
    [Math.cos(turn), Math.sin(turn)],
    [-Math.sin(turn), Math.cos(turn)],
  ];
  const away = curvatures.map((curvature) => 1 / Math.sqrt(curvature));
  const unit = Math.hypot(...away);
  return { curvatures, directions, start: away.map((one) => one / unit), unit };
}

/** How much longer than wide the valley's curvature makes it: the condition number. @param {QuadraticLoss} loss */
export const conditionOf = (loss) => bowlOf(loss).curvatures[0] / bowlOf(loss).curvatures[1];

/**
 * The learning rate, of which `share` of the largest is taken that does not diverge.
 * @param {QuadraticLoss} loss @param {number} share
 */
export const rateOf = (loss, share) => (share * 2) / bowlOf(loss).curvatures[0];

/**
 * How far it is along each direction after some steps.
 * @param {QuadraticLoss} loss @param {number} share @param {number} step
 */
function awayAt(loss, share, step) {
  const { curvatures, start } = bowlOf(loss);
  const rate = rateOf(loss, share);
  return start.map((from, i) => from * (1 - rate * curvatures[i]) ** step);
}

/**
 * The loss above the lowest after a whole number of steps.
 * @param {QuadraticLoss} loss @param {number} share @param {number} step
 */
export function excessAt(loss, share, step) {
  const { curvatures, unit } = bowlOf(loss);
  return awayAt(loss, share, step).reduce((sum, away, i) => sum + 0.5 * curvatures[i] * (unit * away) ** 2, 0);
}

/**
 * Where it is after some steps, between two of them on the straight line; from the lowest point, in start distances.
 * @param {QuadraticLoss} loss @param {number} share @param {number} at
 * @returns {[number, number]}
 */
export function pointAt(loss, share, at) {
  const step = Math.floor(at);
  const [from, to] = [awayAt(loss, share, step), awayAt(loss, share, step + 1)];
  const away = from.map((one, i) => one + (at - step) * (to[i] - one));
  const { directions } = bowlOf(loss);
  const along = (/** @type {0 | 1} */ axis) =>
    -directions.reduce((sum, direction, i) => sum + away[i] * direction[axis], 0);
  return [along(0), along(1)];
}

/** The excess loss at a point of the plane. @param {QuadraticLoss} loss @param {number} x @param {number} y */
export function excessOf(loss, x, y) {
  const { unit } = bowlOf(loss);
  const [[a, b], [, c]] = loss.hessian;
  return 0.5 * unit * unit * (a * x * x + 2 * b * x * y + c * y * y);
}

/**
 * How many steps it takes until a hundredth of the excess loss is left; Infinity where it never is.
 * @param {QuadraticLoss} loss @param {number} share
 */
export function stepsOf(loss, share) {
  if (share >= 1) return Infinity;
  let [low, high] = [0, 1];
  while (excessAt(loss, share, high) > ENOUGH) high *= 2;
  // The excess falls from step to step.
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (excessAt(loss, share, middle) > ENOUGH) low = middle;
    else high = middle;
  }
  return high;
}

/**
 * The steps that are followed: until it has arrived, or is out of sight.
 * @param {QuadraticLoss} loss @param {number} share
 */
export function lastStep(loss, share) {
  if (share < 1) return Math.min(MOST_STEPS, stepsOf(loss, share));
  let step = 1;
  while (step < MOST_STEPS && Math.hypot(...pointAt(loss, share, step)) < FAR) step++;
  return step;
}
