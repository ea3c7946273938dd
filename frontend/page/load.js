/** What the page needs from the server before anything is chosen. */

import { api } from "../api.js";

const RETRY_AFTER = 3000;
/** Runs that are known at first; the list shows the others as they are asked for. */
const FIRST = 50;

/**
 * Load experiments, settings, runs and trials; again later where one of the first three did not come.
 * @param {import("../app/store.js").Store} store
 * @param {import("../run/attempt.js").Attempt} attempt
 */
export async function load(store, attempt) {
  const { dispatch } = store;
  const [runs, experiments, schema, trials] = await Promise.all([
    attempt(() => api.runs(FIRST)),
    attempt(api.experiments),
    attempt(api.schema),
    attempt(api.trials),
  ]);
  // All that an address may ask for is known before there is something to begin with: that would be seen for a moment.
  if (trials) dispatch({ type: "trials", trials });
  if (experiments) dispatch({ type: "experiments", experiments });
  if (schema) dispatch({ type: "schema", schema });
  if (runs) dispatch({ type: "runs", runs: runs.runs });
  if (!runs || !experiments || !schema) setTimeout(() => load(store, attempt), RETRY_AFTER);
}
