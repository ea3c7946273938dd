/** Whether the axes of a chart still suit what was measured. */

import { isLive } from "../app/state.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").View} View */
/** @typedef {import("../types").Figure} Figure */

/** How often axes are compared with all values: where values lie outside, and where none do. */
const EVERY = 2000;
const REST = 20_000;
/** How much an axis of a run that goes on may be too short, and what share of it must be used. */
const SLACK = 0.04;
const LEAST_USED = 0.5;

export class AxesCheck {
  /** @param {View} view */
  constructor(view) {
    this.view = view;
    this.at = 0;
    /** how many frames there were when the axes were last compared with them */
    this.count = -1;
    /** how many drawn values had no place on their axis then */
    this.outside = 0;
  }

  /**
   * Whether something came, since the axes were last compared with the values, that may not suit them.
   * @param {Scene} scene
   * @param {number} outside how many drawn values have no place on their axis
   */
  mayNotFit(scene, outside) {
    if (this.count === scene.history.count) return false;
    return this.view.fits || !isLive(scene.run) || outside !== this.outside;
  }

  /** Whether all that the run will ever hold is here, and the axes not compared with it. @param {Scene} scene */
  mustCompareLast(scene) {
    return !isLive(scene.run) && scene.history.count >= scene.run.seq && this.count !== scene.history.count;
  }

  /**
   * Whether the axes must be laid out anew; they are compared with the values now and then.
   * @param {Scene} scene
   * @param {number} now
   * @param {number} outside
   * @param {Figure | null} drawn
   */
  fails(scene, now, outside, drawn) {
    const since = now - this.at;
    const due = since > REST || (since > EVERY && this.mayNotFit(scene, outside));
    if (!due && !this.mustCompareLast(scene)) return false;
    this.at = now + Math.random() * 200;
    this.count = scene.history.count;
    this.outside = outside;
    if (!(this.view.series || this.view.fits) || !drawn) return false;
    const wanted = this.view.figure(scene, false).layout;
    return Object.keys(wanted)
      .filter((name) => name.startsWith("yaxis"))
      .some((name) => !suits(drawn.layout[name]?.range, wanted[name].range, isLive(scene.run)));
  }
}

/**
 * @param {[number, number] | undefined} drawn
 * @param {[number, number] | undefined} wanted
 * @param {boolean} live
 */
function suits(drawn, wanted, live) {
  if (!drawn || !wanted) return true;
  // A run that has ended has the axes of all its values, in whatever order they came.
  if (!live) return wanted[0] === drawn[0] && wanted[1] === drawn[1];
  const slack = SLACK * (drawn[1] - drawn[0]);
  return (
    wanted[0] >= drawn[0] - slack &&
    wanted[1] <= drawn[1] + slack &&
    wanted[1] - wanted[0] > LEAST_USED * (drawn[1] - drawn[0])
  );
}
