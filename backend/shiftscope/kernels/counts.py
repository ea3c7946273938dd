"""Counting values that do not pass a gradient on, and picking out those of single units, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shiftscope.kernels import plain
from shiftscope.kernels.compile import over_memory


@over_memory(in_numpy=plain.count_zeros)
def count_zeros(x: NDArray[Any]) -> int:
    """Return how many values are zero."""
    count = 0
    for i in range(x.size):
        count += x[i] == 0
    return count


@over_memory(in_numpy=plain.count_beyond)
def count_beyond(x: NDArray[Any], low: float, high: float) -> int:
    """Return how many values are below `low` or above `high`."""
    lower, upper = x.dtype.type(low), x.dtype.type(high)
    count = 0
    for i in range(x.size):
        count += (x[i] < lower) | (x[i] > upper)
    return count


@over_memory(in_numpy=plain.pick)
def pick(x: NDArray[Any], channels: int, inner: int, units: NDArray[np.int64], out: NDArray[np.float64]) -> int:
    """Copy the values of single units into `out`, shape (units, most); return how many of each there are.

    Of a channel's positions, one of each sample is taken, another in each. Units that are not there are NaN.
    """
    if channels * inner == 0:
        return 0
    count: int = min(x.size // (channels * inner), out.shape[1])
    for k in range(units.size):
        if not 0 <= units[k] < channels:
            out[k, :count] = np.nan
            continue
        for i in range(count):
            position = (i * 2654435761) % inner
            out[k, i] = x[(i * channels + units[k]) * inner + position]
    return count
