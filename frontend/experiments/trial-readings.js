/** What the runs of a trial have recorded, read once each has finished, for the charts of the whole trial. */

import { api } from "../api.js";
import { readRun } from "../stream/run-reader.js";
import { labelsOf } from "./trial-state.js";

/** @typedef {import("../types").Trial} Trial */
/** @typedef {import("../types").Reading} Reading */

/** @param {Trial} trial @param {Map<string, Reading>} readings @returns {import("../types").Panel[]} */
export const panelsOf = (trial, readings) =>
  labelsOf(trial)
    .map((label) => ({
      label,
      readings: trial.runs.flatMap((one) => (one.label === label ? (readings.get(one.run.id) ?? []) : [])),
    }))
    .filter((panel) => panel.readings.length > 0);

export class Readings {
  /**
   * @param {() => void} changed called after each run that was read
   * @param {(run: string) => Promise<Reading>} [read]
   */
  constructor(changed, read = (run) => readRun(api.stream(run, 0))) {
    this.changed = changed;
    this.readRun = read;
    /** @type {Map<string, Reading>} by the run's id */
    this.byRun = new Map();
    /** @type {Set<string>} ids of the runs that are read or being read */
    this.asked = new Set();
  }

  /** Read each run that has finished, once; again after it could not be read. @param {Trial} trial */
  async read(trial) {
    const finished = trial.runs
      .map(({ run }) => run)
      .filter(({ id, state }) => state === "finished" && !this.asked.has(id));
    for (const { id } of finished) this.asked.add(id);
    await Promise.all(finished.map(({ id }) => this.#read(id)));
  }

  /** @param {string} run */
  async #read(run) {
    try {
      this.byRun.set(run, await this.readRun(run));
    } catch {
      this.asked.delete(run);
      return;
    }
    this.changed();
  }
}
