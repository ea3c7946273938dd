/** The views of the stage, in the order of their cards. To add a chart, add its file and name it here. */

import {
  affine,
  cost,
  gradientShift,
  gradients,
  landscape,
  loss,
  moments,
  sampling,
  units,
  updates,
} from "./curves.js";
import { density } from "./density.js";
import { microscope } from "./microscope.js";
import { ridges } from "./ridges.js";
import { running } from "./running.js";
import { shift } from "./shift.js";

/** @type {import("../types").View[]} */
export const VIEWS = [
  ridges,
  shift,
  loss,
  gradients,
  moments,
  affine,
  density,
  microscope,
  gradientShift,
  running,
  units,
  updates,
  landscape,
  sampling,
  cost,
];
