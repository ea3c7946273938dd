/** The equations of batch norm in MathML, with one unit's numbers of the shown batch in them. */

import { brief } from "../app/numbers.js";
import { normalizesAfter, subject, unitNumbers } from "./microscope-subject.js";

/** @typedef {import("../types").Scene} Scene */

/** @typedef {import("../types").Formula} Formula */

/** @param {string} tag @param {...(Formula | string)} children @returns {Formula} */
const m = (tag, ...children) => ({ tag, children });
const i = (/** @type {string} */ name) => m("mi", name);
const o = (/** @type {string} */ sign) => m("mo", sign);
const n = (/** @type {string} */ number) => m("mn", number);
const hat = (/** @type {string} */ name) => m("mover", i(name), o("^"));

/** A term to be added, with its own sign. @param {number} value */
const signed = (value) => [o(value < 0 ? "−" : "+"), n(brief(Math.abs(value)))];

/** @param {string} text @param {...Formula} children @returns {Formula} */
const equation = (text, ...children) => ({
  ...m("math", m("mrow", ...children)),
  attributes: { display: "block", "aria-label": text },
});

/** ε of the open run's first batch normalization, as its settings say. @param {Scene} scene */
const epsilonOf = (scene) => {
  const name = subject(scene)?.network.name;
  return scene.run.config?.variants?.find((/** @type {any} */ one) => one.name === name)?.normalization?.eps ?? null;
};

/**
 * The numbers of a batch taken out of what is given.
 * @param {string} given @param {number} mean @param {number} variance @param {number | null} epsilon
 */
const normalizing = (given, mean, variance, epsilon) =>
  equation(
    `${given}\u0302 = (${given} − ${brief(mean)}) / √(${brief(variance)} + ε)`,
    hat(given),
    o("="),
    m(
      "mfrac",
      m("mrow", i(given), o("−"), m("msub", i("μ"), i("B"))),
      m("msqrt", m("msubsup", i("σ"), i("B"), n("2")), o("+"), i("ε")),
    ),
    o("="),
    m(
      "mfrac",
      m("mrow", i(given), ...signed(-mean)),
      m("msqrt", n(brief(variance)), o("+"), n(epsilon === null ? "ε" : brief(epsilon))),
    ),
  );

/**
 * Scaled by γ and shifted by β.
 * @param {string} given
 * @param {string} result
 * @param {number} gamma
 * @param {number} beta
 */
const scaling = (given, result, gamma, beta) =>
  equation(
    `${result} = ${brief(gamma)} ${given}\u0302 + ${brief(beta)}`,
    i(result),
    o("="),
    i("γ"),
    hat(given),
    o("+"),
    i("β"),
    o("="),
    n(brief(gamma)),
    o("·"),
    hat(given),
    ...signed(beta),
  );

/** @param {string} activation */
const activating = (activation) =>
  equation(`a = ${activation}(z)`, i("a"), o("="), m("mi", activation), o("("), i("z"), o(")"));

/**
 * The equations with the numbers at the shown step, and a key that changes with them; null where none were measured.
 * @param {Scene} scene
 * @returns {{key: string, equations: Formula[]} | null}
 */
export function equationsOf(scene) {
  const { mean, variance, gamma, beta } = unitNumbers(scene);
  if (mean === null || variance === null) return null;
  const after = normalizesAfter(scene);
  const [given, result] = after ? ["a", "y"] : ["x", "z"];
  const network = subject(scene);
  const numbers = [mean, variance, gamma ?? 1, beta ?? 0].map((value) => brief(value));
  const activates = activating(network?.layer?.activation || "f");
  return {
    key: [...numbers, network?.network.name, after].join("|"),
    equations: [
      ...(after ? [activates] : []),
      normalizing(given, mean, variance, epsilonOf(scene)),
      scaling(given, result, gamma ?? 1, beta ?? 0),
      ...(after ? [] : [activates]),
    ],
  };
}
