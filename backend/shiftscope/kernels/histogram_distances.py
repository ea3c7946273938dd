"""Distances between the distributions of two passes, from what was kept of each: moments and a fine histogram."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shiftscope.kernels.compile import compiled
from shiftscope.kernels.histogram import FINE, counted, edges_of
from shiftscope.kernels.moments import FINITE, MEAN, VARIANCE
from shiftscope.kernels.sorted_values import NAMES, add_distances, smallest_sigma

_NAMES = len(NAMES)
_COUNTS = FINE + 2


@compiled(signatures=["(float64[::1], int32[::1], float64[::1], int32[::1], float64)"])
def histogram_distances(
    state_a: NDArray[np.float64],
    fine_a: NDArray[np.int32],
    state_b: NDArray[np.float64],
    fine_b: NDArray[np.int32],
    first_sigma: float,
) -> NDArray[np.float64]:
    """Return how far the values behind b are from those behind a: the distances NAMES, shape (5,).

    The first two take values to be spread evenly over their bins, and those beyond the range evenly between its end and
    the extreme: off by about a bin, 0.016 sigma, and a share of what heavy tails hold. The others are of the exact
    moments. `first_sigma` is a's at the start of the run and sets the smallest that is divided by. NaN where either
    has no finite value, or no histogram.
    """
    found = np.full(_NAMES, np.nan)
    if state_a[FINITE] > 0 and state_b[FINITE] > 0 and counted(fine_a) > 0 and counted(fine_b) > 0:
        found[:] = 0.0
        floor = smallest_sigma(first_sigma)
        sigma_a, sigma_b = max(np.sqrt(state_a[VARIANCE]), floor), max(np.sqrt(state_b[VARIANCE]), floor)
        shift = abs(state_b[MEAN] - state_a[MEAN])
        add_distances(_wasserstein(state_a, fine_a, state_b, fine_b), shift, sigma_a, sigma_b, 1, found)
    return found


@compiled()
def _wasserstein(
    state_a: NDArray[np.float64], fine_a: NDArray[np.int32], state_b: NDArray[np.float64], fine_b: NDArray[np.int32]
) -> float:
    """Integrate |quantile of a - quantile of b| over all levels, which is the area between the two CDFs."""
    # Masses are integers, each histogram's counts times the other's total: no rounding piles up.
    weight_a, weight_b = counted(fine_b), counted(fine_a)
    at_a = at_b = -1
    left_a = left_b = np.int64(0)
    a0 = a1 = b0 = b1 = total = 0.0
    while True:
        while left_a == 0 and at_a < _COUNTS - 1:
            at_a += 1
            left_a = np.int64(fine_a[at_a]) * weight_a
            a0, a1 = edges_of(state_a, at_a)
        while left_b == 0 and at_b < _COUNTS - 1:
            at_b += 1
            left_b = np.int64(fine_b[at_b]) * weight_b
            b0, b1 = edges_of(state_b, at_b)
        if left_a == 0 or left_b == 0:
            return total / (np.float64(weight_a) * np.float64(weight_b))
        mass = min(left_a, left_b)
        a_end, b_end = a0 + (a1 - a0) * mass / left_a, b0 + (b1 - b0) * mass / left_b
        total += mass * _mean_magnitude(a0 - b0, a_end - b_end)
        a0, b0 = a_end, b_end
        left_a -= mass
        left_b -= mass


@compiled()
def _mean_magnitude(begin: float, end: float) -> float:
    """Return the mean of |x| where x goes evenly from `begin` to `end`."""
    one, other = abs(begin), abs(end)
    if (begin < 0.0) == (end < 0.0) or one + other == 0.0:
        return (one + other) / 2
    return (one * one + other * other) / (2 * (one + other))
