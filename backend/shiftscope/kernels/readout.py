"""What is read from a tensor's state and fine histogram once its values have been passed over, compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shiftscope.kernels.compile import compiled
from shiftscope.kernels.histogram import COARSE, FINE, FOLD, LANE
from shiftscope.kernels.moments import FINITE, INFINITIES, LOWER, MAXIMUM, MEAN, MINIMUM, NANS, UPPER, VARIANCE

LEVELS = (0.0, 0.0668, 0.15, 0.1587, 0.3085, 0.5, 0.6915, 0.8413, 0.85, 0.9332, 1.0)
"""Quantile levels: TensorBoard's nine bands (0, +-1.5, 1, 0.5 and 0 sigma of a Gaussian, 1) and Ioffe & Szegedy's
15, 50 and 85 %."""


@compiled()
def write_moments(state: NDArray[np.float64], row: NDArray[np.float32], at: int) -> None:
    """Write mean, variance, standard deviation, minimum, maximum."""
    row[at] = state[MEAN]
    row[at + 1] = state[VARIANCE]
    row[at + 2] = np.sqrt(state[VARIANCE])
    row[at + 3] = state[MINIMUM]
    row[at + 4] = state[MAXIMUM]


@compiled()
def write_not_finite(state: NDArray[np.float64], row: NDArray[np.float32], at: int) -> None:
    """Write how many values are NaN and how many infinite."""
    row[at] = state[NANS]
    row[at + 1] = state[INFINITIES]


@compiled()
def write_histogram(state: NDArray[np.float64], fine: NDArray[np.int32], row: NDArray[np.float32], at: int) -> None:
    """Write COARSE fractions, the range's two edges, the fractions below and above it."""
    below = fine[LANE:]
    above = fine[FINE + 1]
    total = below[COARSE] + above
    scale = 1.0 / total if state[FINITE] > 0 and total > 0 else 0.0
    for b in range(COARSE):
        row[at + b] = (below[b + 1] - below[b]) * scale
    row[at + COARSE] = state[LOWER]
    row[at + COARSE + 1] = state[UPPER]
    row[at + COARSE + 2] = below[0] * scale
    row[at + COARSE + 3] = above * scale


@compiled()
def _value(state: NDArray[np.float64], fine: NDArray[np.int32], rank: int, coarse: int) -> float:
    """Estimate the value of `rank` (from 0); it lies not before the coarse bin of that number."""
    below = fine[LANE:]
    if rank < below[0]:
        share = (rank + 0.5) / below[0]
        value = state[MINIMUM] + (state[LOWER] - state[MINIMUM]) * share
    elif rank >= below[COARSE]:
        share = (rank - below[COARSE] + 0.5) / fine[FINE + 1]
        value = state[UPPER] + (state[MAXIMUM] - state[UPPER]) * share
    else:
        while below[coarse + 1] <= rank:
            coarse += 1
        bin_, before = 1 + coarse * FOLD, below[coarse]
        while before + fine[bin_] <= rank:
            before += fine[bin_]
            bin_ += 1
        width = (state[UPPER] - state[LOWER]) / FINE
        value = state[LOWER] + (bin_ - 1 + (rank - before + 0.5) / fine[bin_]) * width
    clipped: float = min(max(value, state[MINIMUM]), state[MAXIMUM])
    return clipped


@compiled()
def write_quantiles(
    state: NDArray[np.float64], fine: NDArray[np.int32], levels: NDArray[np.float64], row: NDArray[np.float32], at: int
) -> None:
    """Write the quantiles at the ascending `levels`: linear between neighbouring values, as numpy's default is.

    Each of the two neighbours is off by at most one fine bin, also where a gap lies between them.
    """
    below = fine[LANE:]
    total = below[COARSE] + fine[FINE + 1]
    coarse = 0
    for k in range(levels.size):
        if state[FINITE] == 0 or total == 0:
            row[at + k] = np.nan
            continue
        position = levels[k] * (total - 1)
        rank = int(np.floor(position))
        share = position - rank
        while coarse < COARSE - 1 and below[coarse + 1] <= rank:
            coarse += 1
        value = state[MINIMUM] if rank == 0 else _value(state, fine, rank, coarse)
        if share > 0.0:
            above = state[MAXIMUM] if rank + 1 == total - 1 else _value(state, fine, rank + 1, coarse)
            value += share * (above - value)
        row[at + k] = state[MAXIMUM] if rank == total - 1 else value
