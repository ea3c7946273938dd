/**
 * Mark whether what an element shows is up to date and stays as it is: `data-settled` stands on it, and
 * `shiftscope:settled` is dispatched from it, when nothing is left to be drawn. Scripts and tests wait for that.
 * @param {Element} element
 * @param {boolean} atRest
 */
export function markRest(element, atRest) {
  if (element.hasAttribute("data-settled") === atRest) return;
  element.toggleAttribute("data-settled", atRest);
  if (atRest) element.dispatchEvent(new CustomEvent("shiftscope:settled", { bubbles: true }));
}
