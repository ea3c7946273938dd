/** The views of a run, in the order of their cards. To add a chart, add its file and name it here. */

import { affine } from "./affine.js";
import { attention } from "./attention.js";
import { batchDrift } from "./batch-drift.js";
import { clipping } from "./clipping.js";
import { density } from "./density.js";
import { gradientShift } from "./gradient-shift.js";
import { gradients } from "./gradients.js";
import { landscape } from "./landscape.js";
import { SMOOTHING } from "./lines.js";
import { loss } from "./loss.js";
import { microscope } from "./microscope.js";
import { moments } from "./moments.js";
import { overlay } from "./overlay.js";
import { ownProbes } from "./own-probes.js";
import { parameters } from "./parameters.js";
import { replicas } from "./replicas.js";
import { ridges } from "./ridges.js";
import { RUN_AXIS_CHOICES, VALUES } from "./run-axis.js";
import { running } from "./running.js";
import { sampling } from "./sampling.js";
import { scalars } from "./scalars.js";
import { shift } from "./shift.js";
import { surface } from "./surface.js";
import { sweep } from "./sweep.js";
import { target } from "./target.js";
import { units } from "./units.js";
import { updates } from "./updates.js";

/**
 * Three levels, in the order in which they are read: what happens, why, and what else can be measured, which is folded
 * away.
 * @type {import("../types").Level[]}
 */
export const LEVELS = [
  { id: "picture", views: [target, ridges, shift, batchDrift] },
  { id: "why", views: [loss, gradients, moments, affine, density, microscope, scalars, ownProbes] },
  {
    id: "laboratory",
    views: [gradientShift, running, replicas, units, updates, sampling, landscape, parameters, clipping, attention],
  },
];

export const VIEWS = LEVELS.flatMap(({ views }) => views);

/**
 * The views of several runs: of a whole trial, and of those that are compared.
 * @type {import("../types").View[]}
 */
export const TRIAL_VIEWS = [sweep, surface, overlay];

/** Names of all choices of charts, those of many first: they stand in the page's link. */
export const CHOICES = [
  ...RUN_AXIS_CHOICES,
  SMOOTHING,
  VALUES,
  ...[...VIEWS, ...TRIAL_VIEWS].flatMap((view) => view.choices ?? []),
];
