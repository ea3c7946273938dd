/** Tells a chart whether it is seen, how large it is, and whether someone points at it. */

/** How far off the screen a chart is drawn already. */
const MARGIN = "80px";

/**
 * @param {HTMLElement} host
 * @param {{seen: (visible: boolean) => void, sized: (width: number, height: number) => void,
 *   hovered: (hovered: boolean) => void}} tell
 */
export function observeHost(host, tell) {
  new IntersectionObserver((entries) => tell.seen(entries[entries.length - 1].isIntersecting), {
    rootMargin: MARGIN,
  }).observe(host);
  // Sizes come from the observer: asking the element in a frame would make the browser lay out what was just written.
  new ResizeObserver((entries) => {
    const { width, height } = entries[entries.length - 1].contentRect;
    tell.sized(Math.round(width), Math.round(height));
  }).observe(host);
  host.addEventListener("pointerenter", () => tell.hovered(true));
  host.addEventListener("pointerleave", () => tell.hovered(false));
}
