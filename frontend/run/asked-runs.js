/** Which runs the list asks the server for: the newest, older ones on demand, all while somebody searches. */

import { api } from "../api.js";
import { recallHere, rememberHere } from "../app/preferences.js";

/** @typedef {import("../types").Run} Run */
/** @typedef {{runs: Run[], more: boolean}} Found */

/** So many runs are shown at first, and so many more each time that more are asked for. */
const PAGE = 50;
/** So many runs are searched through at most. */
const MOST_SEARCHED = 5000;
const REMEMBERED = "runs.wanted";

export class AskedRuns {
  constructor() {
    // A person who comes back, from a comparison say, finds the list as long as it was.
    this.wanted = Math.max(PAGE, Number(recallHere(REMEMBERED)) || 0);
    this.searching = false;
    /** Whether there are runs that are not known. */
    this.more = false;
    /** @type {Run[] | null} those that only a search asked for; null before it has */
    this.older = null;
  }

  /** Whether a search has yet to look through older runs. */
  get looking() {
    return this.searching && this.more && this.older === null;
  }

  /** @param {(ask: () => Promise<Found>) => Promise<Found | undefined | null>} attempt */
  async ask(attempt) {
    const newest = await attempt(() => api.runs(this.wanted));
    if (!newest) return null;
    this.more = newest.more;
    if (this.looking) {
      const all = await attempt(() => api.runs(MOST_SEARCHED));
      if (!all) return null;
      this.older = all.runs;
    }
    const known = new Set(newest.runs.map(({ id }) => id));
    const older = (this.searching && this.older) || [];
    return [...newest.runs, ...older.filter(({ id }) => !known.has(id))];
  }

  /**
   * Begin to search, or end it: then those are let go that only the search had asked for.
   * @param {boolean} searching whether there is anything to look for
   * @param {Run[]} runs that are known
   * @returns {Run[]} those that stay
   */
  search(searching, runs) {
    this.searching = searching;
    if (searching) return runs;
    const only = new Set((this.older ?? []).slice(this.wanted).map(({ id }) => id));
    this.older = null;
    return runs.filter(({ id }) => !only.has(id));
  }

  wantMore() {
    this.wanted += PAGE;
    rememberHere(REMEMBERED, String(this.wanted));
  }

  /** @param {string} run its id; it is there no more */
  drop(run) {
    this.older = this.older?.filter(({ id }) => id !== run) ?? null;
  }
}
