"""Comparing what passes at a site with what passed there before, compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shiftscope.kernels.compile import compiled
from shiftscope.kernels.distances import NAMES
from shiftscope.kernels.histogram_distances import histogram_distances
from shiftscope.kernels.moments import FINITE, VARIANCE

START, PREVIOUS = range(2)
"""What is kept of a site: what passed there first, and what did when it was last compared."""
KEPT = 2
DISTANCES = len(NAMES)


SLOT, AT, AT_PREVIOUS = range(3)
"""Columns of the table of what is compared: which site, and where its distances from the first and from the last begin
in the row."""


@compiled()
def write_batch_drift(
    compared: NDArray[np.int64],
    states: NDArray[np.float64],
    fines: NDArray[np.int32],
    kept_states: NDArray[np.float64],
    kept_fines: NDArray[np.int32],
    row: NDArray[np.float32],
) -> None:
    """Write the distances NAMES from what passed first, and from what passed last; then keep what passes as the last.

    Where nothing finite passes there is no distance, and what was kept stays.

    Args:
        compared: shape (compared, 3): SLOT, AT, AT_PREVIOUS.
        states: of what passes now, shape (sites, STATE).
        fines: its fine histograms, shape (sites, STRIDE).
        kept_states: shape (compared, KEPT, STATE); nothing finite where nothing was kept yet.
        kept_fines: shape (compared, KEPT, STRIDE).
        row: what is written to.
    """
    for i in range(compared.shape[0]):
        state, fine = states[compared[i, SLOT]], fines[compared[i, SLOT]]
        kept, kept_fine = kept_states[i], kept_fines[i]
        if state[FINITE] > 0 and not kept[START, FINITE] > 0:
            kept[:] = state
            kept_fine[:] = fine
        first_sigma = np.sqrt(kept[START, VARIANCE])
        for then in range(KEPT):
            at = compared[i, AT + then]
            row[at : at + DISTANCES] = histogram_distances(kept[then], kept_fine[then], state, fine, first_sigma)
        if state[FINITE] > 0:
            kept[PREVIOUS] = state
            kept_fine[PREVIOUS] = fine
