/** What the page needs from the server before anything is chosen. */

import { api } from "../api.js";
import { loadTrials } from "../experiments/trial-updates.js";

const RETRY_AFTER = 3000;

/**
 * Load experiments, settings, runs and trials; again later where the list of runs did not come.
 * @param {import("../app/store.js").Store} store
 * @param {import("../run/attempt.js").Attempt} attempt
 */
export async function load(store, attempt) {
  const { dispatch } = store;
  const [runs, experiments, schema] = await Promise.all([
    attempt(api.runs),
    attempt(api.experiments),
    attempt(api.schema),
  ]);
  if (experiments) dispatch({ type: "experiments", experiments });
  if (schema) dispatch({ type: "schema", schema });
  if (!runs) return void setTimeout(() => load(store, attempt), RETRY_AFTER);
  dispatch({ type: "runs", runs });
  await loadTrials(store, attempt);
}
