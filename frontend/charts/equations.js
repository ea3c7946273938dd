/** Draws equations in MathML. */

/** @typedef {import("../types").Formula} Formula */

const NAMESPACE = "http://www.w3.org/1998/Math/MathML";

/** @param {Formula} formula @returns {Element} */
function elementOf({ tag, attributes = {}, children }) {
  const element = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.map((child) => (typeof child === "string" ? child : elementOf(child))));
  return element;
}

/**
 * Draw equations; again only when what they depend on has changed.
 * @param {HTMLElement} root
 * @param {{key: string, equations: Formula[]} | null} found
 */
export function drawEquations(root, found) {
  root.hidden = found === null;
  if (!found || root.dataset.key === found.key) return;
  root.dataset.key = found.key;
  root.replaceChildren(...found.equations.map(elementOf));
}
