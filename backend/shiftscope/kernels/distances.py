"""Distances between two samples of a distribution."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shiftscope.kernels.samples import Sample
from shiftscope.kernels.sorted_values import NAMES, SMALLEST, compare_rows

__all__ = ["NAMES", "SMALLEST", "distances"]


def distances(a: Sample, b: Sample, first: Sample) -> NDArray[np.float64]:
    """Return how far b is from a: NAMES for all values together, then their means over units; shape (10,).

    `first` is the sample at the start of the run, whose sigma sets the smallest that is divided by. NaN where a and b
    have not as many values each.
    """
    found = np.full((2, len(NAMES)), np.nan)
    if a.units.shape == b.units.shape:
        samples = [(one.pooled[None], one.pooled_moments) for one in (a, b)]
        compare_rows(*samples[0], *samples[1], first.pooled_moments[1], found[0])
        compare_rows(a.units, a.moments, b.units, b.moments, first.moments[1], found[1])
    return found.reshape(-1)
