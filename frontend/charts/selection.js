/** Which charts are shown: a person's choice, which the link carries. */

/** @typedef {{id: string}} Chart */

/**
 * The charts of a choice; all where none was made, or where it names only charts that are not known here.
 * @template {Chart} V
 * @param {V[]} views
 * @param {string[] | null} charts ids
 * @returns {V[]}
 */
export function chosen(views, charts) {
  const found = charts === null ? views : views.filter((view) => charts.includes(view.id));
  return found.length ? found : views;
}

/**
 * The choice without one chart; the last stays, so that there is something to see.
 * @param {Chart[]} views
 * @param {string[] | null} charts
 * @param {string} id
 */
export function without(views, charts, id) {
  const left = chosen(views, charts)
    .map((view) => view.id)
    .filter((one) => one !== id);
  return left.length ? left : charts;
}

/**
 * The choice with one chart more; null once it is all of them.
 * @param {Chart[]} views
 * @param {string[] | null} charts
 * @param {string} id
 */
export function including(views, charts, id) {
  const shown = new Set([...chosen(views, charts).map((view) => view.id), id]);
  return views.every((view) => shown.has(view.id))
    ? null
    : views.map((view) => view.id).filter((one) => shown.has(one));
}
