/** The equations of batch norm in MathML, with one unit's numbers of the shown batch in them. */

import { brief } from "../app/numbers.js";
import { focusLayer, shownSlot } from "./focus.js";
import { normalizesAfter, subject } from "./microscope.js";

/** @typedef {import("../types").Scene} Scene */

const NAMESPACE = "http://www.w3.org/1998/Math/MathML";

/** @param {string} tag @param {...(Element | string)} children */
function m(tag, ...children) {
  const element = document.createElementNS(NAMESPACE, tag);
  element.append(...children);
  return element;
}
const i = (/** @type {string} */ name) => m("mi", name);
const o = (/** @type {string} */ sign) => m("mo", sign);
const n = (/** @type {string} */ number) => m("mn", number);
const hat = (/** @type {string} */ name) => m("mover", i(name), o("^"));

/** A term to be added, with its own sign. @param {number} value */
const signed = (value) => [o(value < 0 ? "−" : "+"), n(brief(Math.abs(value)))];

/** @param {string} text @param {...Element} children */
function equation(text, ...children) {
  const math = m("math", m("mrow", ...children));
  math.setAttribute("display", "block");
  math.setAttribute("aria-label", text);
  return math;
}

/**
 * One unit's numbers at the shown step; null for what was not measured.
 * @param {Scene} scene
 */
export function unitNumbers(scene) {
  const found = subject(scene);
  const layer = focusLayer(scene);
  const at = (/** @type {string} */ quantity) => {
    const place = found && scene.places.first([quantity], { network: found.network.name, layer }, ["", quantity]);
    if (!place) return null;
    const unit = Math.min(scene.look.unit ?? 0, place.size - 1);
    return scene.history.stream(place.stream).value(shownSlot(scene, place.stream), place.offset + unit);
  };
  return { mean: at("batch_mean"), variance: at("batch_variance"), gamma: at("gamma"), beta: at("beta") };
}

/** ε of the open run's first batch normalization, as its settings say. @param {Scene} scene */
const epsilonOf = (scene) => {
  const name = subject(scene)?.network.name;
  return scene.run.config?.variants?.find((/** @type {any} */ one) => one.name === name)?.normalization?.eps ?? null;
};

/**
 * Draw the equations; again only when a number changed.
 * @param {HTMLElement} root
 * @param {Scene} scene
 */
export function drawEquations(root, scene) {
  const { mean, variance, gamma, beta } = unitNumbers(scene);
  if (mean === null || variance === null) {
    root.hidden = true;
    return;
  }
  root.hidden = false;
  const epsilon = epsilonOf(scene);
  const text = [mean, variance, gamma ?? 1, beta ?? 0].map((value) => brief(value));
  const key = [...text, subject(scene)?.network.name, normalizesAfter(scene)].join("|");
  if (root.dataset.key === key) return;
  root.dataset.key = key;
  const [mu, sigma, scale, shift] = text;
  const activation = subject(scene)?.layer?.activation || "f";
  const after = normalizesAfter(scene);
  const [given, result] = after ? ["a", "y"] : ["x", "z"];
  const activates = equation(`a = ${activation}(z)`, i("a"), o("="), m("mi", activation), o("("), i("z"), o(")"));
  root.replaceChildren(
    ...(after ? [activates] : []),
    equation(
      `${given} hat = (${given} − ${mu}) / √(${sigma} + ε)`,
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
        m("msqrt", n(sigma), o("+"), n(epsilon === null ? "ε" : brief(epsilon))),
      ),
    ),
    equation(
      `${result} = ${scale} ${given} hat + ${shift}`,
      i(result),
      o("="),
      i("γ"),
      hat(given),
      o("+"),
      i("β"),
      o("="),
      n(scale),
      o("·"),
      hat(given),
      ...signed(beta ?? 0),
    ),
    ...(after ? [] : [activates]),
  );
}
