/** From which step on something that a person did took effect: the worker says so, some steps after the click. */

/** @typedef {import("../types").RunEvent} RunEvent */

/**
 * What a worker has taken up, and from which step on.
 * @typedef {{step: number, learning_rate?: number | null, networks?: Record<string, any>}} Applied
 */

/** Events do not change, and are asked for in every frame. @type {WeakMap<RunEvent[], RunEvent[]>} */
const known = new WeakMap();

/** What an event says as one text: what is the same is said in the same words. @param {unknown} value */
const words = (value) =>
  JSON.stringify(value, (_, one) =>
    one && typeof one === "object" && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );

/**
 * What a worker took up of the thing that an event changed; undefined for none.
 * @param {RunEvent} event @param {Applied} applied
 */
const takenUp = ({ kind, network }, { learning_rate: rate, networks }) =>
  kind === "learning_rate" ? (rate ?? undefined) : networks?.[network];

/**
 * The step from which a change is in the training: the server writes it down at the step that it knows of then, while
 * the worker is steps ahead.
 * @param {RunEvent} event @param {Applied[]} applied in the order of their steps
 */
function effectOf(event, applied) {
  const later = applied.filter((one) => one.step >= event.step && takenUp(event, one) !== undefined);
  const same = later.find((one) => words(takenUp(event, one)) === words(event.value));
  return (same ?? later[0])?.step ?? event.step;
}

/**
 * The events with changes at the steps from which they took effect, in the order of steps.
 * @param {RunEvent[]} events
 * @returns {RunEvent[]}
 */
export function inEffect(events) {
  let found = known.get(events);
  if (!found) {
    const applied = events.flatMap(({ kind, value }) => (kind === "applied" ? [/** @type {Applied} */ (value)] : []));
    const isChange = (/** @type {RunEvent} */ { kind }) => kind === "intervention" || kind === "learning_rate";
    found = applied.length
      ? events
          .map((event) => (isChange(event) ? { ...event, step: effectOf(event, applied) } : event))
          .sort((a, b) => a.step - b.step || a.time - b.time)
      : events;
    known.set(events, found);
  }
  return found;
}
