"""Comparing what passes at a site with what passed there before, compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shiftscope.kernels.compile import compiled
from shiftscope.kernels.histogram_distances import histogram_distances
from shiftscope.kernels.moments import FINITE, VARIANCE
from shiftscope.kernels.sorted_values import NAMES

START, PREVIOUS, LATEST = range(3)
"""What is kept of a site: what passed there first, when it was last compared at an earlier step, and at this one."""
KEPT = 3
DISTANCES = len(NAMES)
SLOT, AT, AT_PREVIOUS = range(3)
"""Columns of the table of what is compared: which site, and where its distances from the first and from the last begin
in the row."""


@compiled(
    signatures=["(int64[:,::1], float64[:,::1], int32[:,::1], float64[:,:,::1], int32[:,:,::1], float32[::1], boolean)"]
)
def write_batch_drift(
    compared: NDArray[np.int64],
    states: NDArray[np.float64],
    fines: NDArray[np.int32],
    kept_states: NDArray[np.float64],
    kept_fines: NDArray[np.int32],
    row: NDArray[np.float32],
    begins: bool,
) -> None:
    """Write the distances NAMES from what passed first, and from what passed when this was called at an earlier step.

    Where nothing finite passes there is no distance, and what was kept stays.

    Args:
        compared: shape (compared, 3): SLOT, AT, AT_PREVIOUS.
        states: of what passes now, shape (sites, STATE).
        fines: its fine histograms, shape (sites, STRIDE).
        kept_states: shape (compared, KEPT, STATE); nothing finite where nothing was kept yet.
        kept_fines: shape (compared, KEPT, STRIDE).
        row: what is written to.
        begins: whether this is the first call at its step; a step may be measured again.
    """
    for i in range(compared.shape[0]):
        state, fine = states[compared[i, SLOT]], fines[compared[i, SLOT]]
        kept, kept_fine = kept_states[i], kept_fines[i]
        if begins and kept[LATEST, FINITE] > 0:
            _copy(kept, kept_fine, LATEST, PREVIOUS)
            if not kept[START, FINITE] > 0:
                _copy(kept, kept_fine, LATEST, START)
        kept[LATEST] = state
        kept_fine[LATEST] = fine
        first = START if kept[START, FINITE] > 0 else LATEST
        first_sigma = np.sqrt(kept[first, VARIANCE])
        for then in (START, PREVIOUS):
            other = then if kept[then, FINITE] > 0 else LATEST
            at = compared[i, AT + then]
            row[at : at + DISTANCES] = histogram_distances(kept[other], kept_fine[other], state, fine, first_sigma)


@compiled()
def _copy(kept: NDArray[np.float64], kept_fine: NDArray[np.int32], one: int, other: int) -> None:
    kept[other] = kept[one]
    kept_fine[other] = kept_fine[one]
