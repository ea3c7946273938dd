/** Which charts are shown: a person's choice, which the link carries. */

/** @typedef {{id: string}} Chart */

/**
 * The charts of a choice; all where it names only charts that are not known here, the usual ones where none was made.
 * @template {Chart} V
 * @param {V[]} views
 * @param {string[] | null} charts ids
 * @param {V[]} [usual]
 * @returns {V[]}
 */
export function chosen(views, charts, usual = views) {
  if (charts === null) return usual;
  const found = views.filter((view) => charts.includes(view.id));
  return found.length ? found : views;
}

/**
 * The choice without one chart; the last stays, so that there is something to see.
 * @param {Chart[]} views
 * @param {string[] | null} charts
 * @param {string} id
 * @param {Chart[]} [usual]
 */
export function without(views, charts, id, usual = views) {
  const left = chosen(views, charts, usual)
    .map((view) => view.id)
    .filter((one) => one !== id);
  return left.length ? named(views, left, usual) : charts;
}

/**
 * The choice with one chart more.
 * @param {Chart[]} views
 * @param {string[] | null} charts
 * @param {string} id
 * @param {Chart[]} [usual]
 */
export function including(views, charts, id, usual = views) {
  return named(views, [...chosen(views, charts, usual).map((view) => view.id), id], usual);
}

/**
 * The charts of these ids in their order; null where they are the usual ones.
 * @param {Chart[]} views @param {string[]} ids @param {Chart[]} usual
 */
function named(views, ids, usual) {
  const shown = views.map((view) => view.id).filter((one) => ids.includes(one));
  return shown.length === usual.length && usual.every((view) => shown.includes(view.id)) ? null : shown;
}

/**
 * The levels of the charts, those that matter to an experiment before all of them.
 * @template {Chart} V
 * @param {{id: string, views: V[]}[]} levels
 * @param {string[]} first ids
 */
export function arranged(levels, first) {
  const all = levels.flatMap(({ views }) => views);
  const leading = first.flatMap((id) => all.find((view) => view.id === id) ?? []);
  const rest = levels.map(({ id, views }) => ({ id, views: views.filter((view) => !leading.includes(view)) }));
  return leading.length ? [{ id: "experiment", views: leading }, ...rest] : rest;
}
