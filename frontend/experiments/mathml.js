/**
 * Formulae from outside: parsed, then made anew from the elements and attributes of MathML that draw, and nothing
 * else.
 */

const NAMESPACE = "http://www.w3.org/1998/Math/MathML";
const ELEMENTS = new Set([
  "math",
  "mrow",
  "mi",
  "mn",
  "mo",
  "mtext",
  "mspace",
  "mfrac",
  "msqrt",
  "mroot",
  "msub",
  "msup",
  "msubsup",
  "munder",
  "mover",
  "munderover",
  "mtable",
  "mtr",
  "mtd",
  "mpadded",
  "mphantom",
  "mstyle",
]);
const ATTRIBUTES = new Set([
  "display",
  "accent",
  "accentunder",
  "stretchy",
  "mathvariant",
  "displaystyle",
  "linethickness",
  "width",
  "columnalign",
]);
const ELEMENT = 1;
const TEXT = 3;

/**
 * What of a parsed node may be shown, made anew; null for what may not.
 * @param {any} node of a parsed document
 * @param {{createElementNS: (namespace: string, name: string) => any, createTextNode: (text: string) => any}} document
 * @param {(words: string) => string} [word] what words within the formula are in the page's language
 * @returns {any}
 */
export function allowed(node, document, word = (words) => words) {
  if (node.nodeType === TEXT) {
    const text = node.nodeValue ?? "";
    return document.createTextNode(node.parentNode?.localName === "mtext" ? text.replace(/\S(?:.*\S)?/s, word) : text);
  }
  if (node.nodeType !== ELEMENT || node.namespaceURI !== NAMESPACE || !ELEMENTS.has(node.localName)) return null;
  const made = document.createElementNS(NAMESPACE, node.localName);
  for (const { name, value } of node.attributes) if (ATTRIBUTES.has(name)) made.setAttribute(name, value);
  for (const child of node.childNodes) {
    const kept = allowed(child, document, word);
    if (kept) made.append(kept);
  }
  return made;
}

/**
 * A formula as an element, its words in the page's language; its text where it is no MathML.
 * @param {string} text
 * @param {import("../types").Translate} t
 * @returns {Element | Text}
 */
export function formula(text, t) {
  const parsed = new DOMParser().parseFromString(text, "application/xml").documentElement;
  const made = parsed.localName === "math" ? allowed(parsed, document, t.message) : null;
  return made ?? document.createTextNode(text.replace(/<[^>]*>/g, ""));
}
