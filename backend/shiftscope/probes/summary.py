"""What is read from a tensor's state and fine histogram once its values have been passed over, compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shiftscope.probes.bins import FINE, FOLD, STRIDE
from shiftscope.probes.compiled import compiled
from shiftscope.probes.kernels import FINITE, INFINITIES, LOWER, MAXIMUM, MEAN, MINIMUM, NANS, UPPER, VARIANCE

BINS = FINE // FOLD
"""Bins of the histogram that is shown."""

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
    """Write BINS fractions, the range's two edges, the fractions below and above it."""
    total = 0
    for i in range(STRIDE):
        total += fine[i]
    scale = 1.0 / max(total, 1) if state[FINITE] > 0 else 0.0
    for b in range(BINS):
        count = 0
        for i in range(FOLD):
            count += fine[1 + b * FOLD + i]
        row[at + b] = count * scale
    row[at + BINS] = state[LOWER]
    row[at + BINS + 1] = state[UPPER]
    row[at + BINS + 2] = fine[0] * scale
    row[at + BINS + 3] = fine[FINE + 1] * scale


@compiled()
def _ordered(state: NDArray[np.float64], fine: NDArray[np.int32], bin_: int, before: int, rank: int) -> float:
    """Estimate the value of `rank` (from 0), which lies in `bin_` with `before` values in the bins before it."""
    width = (state[UPPER] - state[LOWER]) / FINE
    share = (rank - before + 0.5) / fine[bin_]
    if bin_ == 0:
        value = state[MINIMUM] + (state[LOWER] - state[MINIMUM]) * share
    elif bin_ == FINE + 1:
        value = state[UPPER] + (state[MAXIMUM] - state[UPPER]) * share
    else:
        value = state[LOWER] + (bin_ - 1 + share) * width
    clipped: float = min(max(value, state[MINIMUM]), state[MAXIMUM])
    return clipped


@compiled()
def write_quantiles(
    state: NDArray[np.float64], fine: NDArray[np.int32], levels: NDArray[np.float64], row: NDArray[np.float32], at: int
) -> None:
    """Write the quantiles at the ascending `levels`: linear between neighbouring values, as numpy's default is.

    Each of the two neighbours is off by at most one fine bin, also where a gap lies between them.
    """
    total = 0
    for i in range(STRIDE):
        total += fine[i]
    bin_ = before = 0
    for k in range(levels.size):
        if state[FINITE] == 0:
            row[at + k] = np.nan
            continue
        position = levels[k] * (total - 1)
        rank = int(np.floor(position))
        while before + fine[bin_] <= rank:
            before += fine[bin_]
            bin_ += 1
        value = state[MINIMUM] if rank == 0 else _ordered(state, fine, bin_, before, rank)
        share = position - rank
        if share > 0.0:
            next_bin, next_before = bin_, before
            while next_before + fine[next_bin] <= rank + 1:
                next_before += fine[next_bin]
                next_bin += 1
            above = state[MAXIMUM] if rank + 1 == total - 1 else _ordered(state, fine, next_bin, next_before, rank + 1)
            value += share * (above - value)
        row[at + k] = state[MAXIMUM] if rank == total - 1 else value
