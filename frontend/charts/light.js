/** Lights one chart: brings its card into view and outlines it for some seconds. */

/**
 * @param {HTMLElement} root of the cards
 * @param {string} id of the chart's view
 * @returns {boolean} whether there is such a card
 */
export function lightChart(root, id) {
  for (const lit of root.querySelectorAll(".card.lit")) lit.classList.remove("lit");
  const card = /** @type {HTMLElement | null} */ (root.querySelector(`.card[data-view="${CSS.escape(id)}"]`));
  if (!card) return false;
  // The outline fades by an animation, which begins anew only when the browser has seen the class go.
  void card.offsetWidth;
  card.classList.add("lit");
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  card.scrollIntoView({ block: "nearest", behavior: still ? "auto" : "smooth" });
  return true;
}
