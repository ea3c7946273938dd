/** Whose a run is, on a server where who looks may start runs too: each browser's own are its to change. */

import { byId } from "../app/dom.js";

/** @typedef {import("../types").Run} Run */

/** Whether this browser started a run. @param {Run | null} run */
export const isOwn = (run) => Boolean(run?.owner) && run?.owner === document.documentElement.dataset.owner;

/** Offer what changes the open run, or hide it (styles/shared.css). @param {Run | null} run */
export function offerChanges(run) {
  for (const id of ["controls", "chart-grid"]) byId(id).toggleAttribute("data-own", isOwn(run));
}
