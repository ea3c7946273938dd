/** The views of the stage, in the order of their cards. To add a chart, add its file and name it here. */

import { affine } from "./affine.js";
import { cost } from "./cost.js";
import { density } from "./density.js";
import { gradientShift } from "./gradient-shift.js";
import { gradients } from "./gradients.js";
import { landscape } from "./landscape.js";
import { loss } from "./loss.js";
import { microscope } from "./microscope.js";
import { moments } from "./moments.js";
import { ridges } from "./ridges.js";
import { running } from "./running.js";
import { sampling } from "./sampling.js";
import { shift } from "./shift.js";
import { units } from "./units.js";
import { updates } from "./updates.js";

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
