/** Draws the equations of the microscope in MathML. */

import { equationsOf } from "../views/microscope-equations.js";

/** @typedef {import("../views/microscope-equations.js").Formula} Formula */

const NAMESPACE = "http://www.w3.org/1998/Math/MathML";

/** @param {Formula} formula @returns {Element} */
function elementOf({ tag, attributes = {}, children }) {
  const element = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.map((child) => (typeof child === "string" ? child : elementOf(child))));
  return element;
}

/**
 * Draw the equations; again only when a number changed.
 * @param {HTMLElement} root
 * @param {import("../types").Scene} scene
 */
export function drawEquations(root, scene) {
  const found = equationsOf(scene);
  root.hidden = found === null;
  if (!found || root.dataset.key === found.key) return;
  root.dataset.key = found.key;
  root.replaceChildren(...found.equations.map(elementOf));
}
