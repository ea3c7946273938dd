"""Counting values that do not pass a gradient on, and picking out those of single units, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shiftscope.kernels.compile import compiled, float32_at, float64_at


@compiled()
def _zeros(x: NDArray[Any]) -> int:
    count = 0
    for i in range(x.size):
        count += x[i] == 0
    return count


@compiled()
def _beyond(x: NDArray[Any], low: Any, high: Any) -> int:  # noqa: ANN401  a number of the type of x
    count = 0
    for i in range(x.size):
        count += (x[i] < low) | (x[i] > high)
    return count


@compiled()
def count_zeros(address: int, n: int, wide: bool) -> int:
    """Return how many of n values are zero."""
    return _zeros(float64_at(address, n)) if wide else _zeros(float32_at(address, n))


@compiled()
def count_beyond(address: int, n: int, wide: bool, low: float, high: float) -> int:
    """Return how many of n values are below `low` or above `high`."""
    if wide:
        return _beyond(float64_at(address, n), low, high)
    return _beyond(float32_at(address, n), np.float32(low), np.float32(high))


@compiled()
def _pick(x: NDArray[Any], channels: int, inner: int, units: NDArray[np.int64], out: NDArray[np.float64]) -> int:
    """Copy the values of single units into `out`, shape (units, most); return how many of each there are.

    Of a channel's positions, one of each sample is taken, another in each.
    """
    count: int = min(x.size // (channels * inner), out.shape[1])
    for k in range(units.size):
        for i in range(count):
            position = (i * 2654435761) % inner
            out[k, i] = x[(i * channels + units[k]) * inner + position]
    return count


@compiled()
def pick(
    address: int, n: int, wide: bool, channels: int, inner: int, units: NDArray[np.int64], out: NDArray[np.float64]
) -> int:
    """See _pick."""
    if wide:
        count: int = _pick(float64_at(address, n), channels, inner, units, out)
    else:
        count = _pick(float32_at(address, n), channels, inner, units, out)
    return count
