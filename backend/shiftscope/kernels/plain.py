"""The kernels' loops over values in numpy: what is run until they are compiled. They find the same numbers.

What is large is gone through in pieces, so that no copy in float64 grows beyond what is passing.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_PIECE = 2**18


def pieces(*arrays: NDArray[Any]) -> Iterator[tuple[Floats, ...]]:
    """Yield arrays of one size piece by piece, in float64."""
    for start in range(0, arrays[0].size, _PIECE):
        yield tuple(one[start : start + _PIECE].astype(np.float64) for one in arrays)


def dot(a: Floats, b: Floats) -> float:
    """Sum the products of values: without the library for linear algebra, which would start threads of its own."""
    return float(np.einsum("i,i", a, b))


def shifted_sums(x: NDArray[Any], shift: float) -> tuple[float, float]:
    """Sum what values are more than `shift`, and its squares."""
    total = squares = 0.0
    for (piece,) in pieces(x):
        apart = piece - shift
        total += float(apart.sum())
        squares += dot(apart, apart)
    return total, squares


def extremes(bits: NDArray[Any], ends: NDArray[Any]) -> None:
    """Lower and raise `ends` to the extremes of floats, all of them as integers that order like them."""
    sign, magnitude = bits.itemsize * 8 - 1, np.iinfo(bits.dtype).max
    ordered = bits ^ ((bits >> sign) & magnitude)
    ends[0], ends[1] = min(ends[0], ordered.min()), max(ends[1], ordered.max())


def sum_of_squares(x: NDArray[Any]) -> float:
    """Sum the squares of values."""
    return sum(dot(piece, piece) for (piece,) in pieces(x))


def not_finite(x: NDArray[Any]) -> int:
    """Count what is NaN or infinite."""
    return int(x.size - np.count_nonzero(np.isfinite(x)))


def products(a: NDArray[Any], b: NDArray[Any]) -> tuple[float, float, float, float]:
    """Sum the squares of each, their products, and the squares of their differences."""
    first = second = both = differences = 0.0
    for one, other in pieces(a, b):
        apart = one - other
        first += dot(one, one)
        second += dot(other, other)
        both += dot(one, other)
        differences += dot(apart, apart)
    return first, second, both, differences


def change_ratio(new: NDArray[Any], old: NDArray[Any]) -> float:
    """Return the norm of a change over the norm of what changed; 0 where nothing did."""
    change = size = np.float64(0.0)
    for after, before in pieces(new, old):
        moved = after - before
        change += dot(moved, moved)
        size += dot(before, before)
    return float(np.sqrt(change / size)) if change > 0 else float(0.0 * change)


def rows_apart(a: NDArray[Any], b: NDArray[Any]) -> Floats:
    """Return, for each row, the mean distance of values from those in the same place."""
    at_once = max(1, _PIECE // max(a.shape[1], 1))
    apart = np.empty(len(a))
    for start in range(0, len(a), at_once):
        rows = slice(start, start + at_once)
        apart[rows] = np.abs(a[rows].astype(np.float64) - b[rows]).mean(axis=1)
    return apart


def means_and_sigmas(values: NDArray[Any], found: Floats) -> None:
    """Write mean and biased standard deviation of each row, shape (2, rows)."""
    at_once = max(1, _PIECE // max(values.shape[1], 1))
    means, squares = np.empty(len(values)), np.empty(len(values))
    for start in range(0, len(values), at_once):
        rows = slice(start, start + at_once)
        means[rows] = values[rows].mean(axis=1, dtype=np.float64)
        apart = values[rows] - means[rows, None]
        squares[rows] = np.einsum("uv,uv->u", apart, apart)
    found[0], found[1] = means, np.sqrt(squares / values.shape[1])


def channel_moments(x: NDArray[Any], inner: int, out: NDArray[np.float32]) -> None:
    """Write the mean, then the biased variance of each channel of values laid out (samples, channels, inner)."""
    channels = out.size // 2
    if x.size == 0 or channels * inner == 0 or x.size % (channels * inner) != 0:
        out[:] = np.nan
        return
    samples = x.reshape(-1, channels, inner)
    shifts = samples[0, :, :1].astype(np.float64)
    totals, squares = np.zeros(channels), np.zeros(channels)
    at_once = max(1, _PIECE // (channels * inner))
    for start in range(0, len(samples), at_once):
        apart = samples[start : start + at_once] - shifts
        totals += apart.sum(axis=(0, 2))
        squares += np.einsum("sci,sci->c", apart, apart)
    n = x.size // channels
    out[:channels] = shifts[:, 0] + totals / n
    out[channels:] = np.maximum(0.0, (squares - totals * totals / n) / n)


def count_zeros(x: NDArray[Any]) -> int:
    """Count zeros."""
    return int(x.size - np.count_nonzero(x))


def count_beyond(x: NDArray[Any], low: float, high: float) -> int:
    """Count values below `low` or above `high`."""
    return int(np.count_nonzero((x < x.dtype.type(low)) | (x > x.dtype.type(high))))


def pick(x: NDArray[Any], channels: int, inner: int, units: NDArray[np.int64], out: Floats) -> int:
    """Copy the values of single units, one position of each sample."""
    if channels * inner == 0:
        return 0
    count: int = min(x.size // (channels * inner), out.shape[1])
    places = np.arange(count)
    positions = (places * 2654435761) % inner
    for k, unit in enumerate(units):
        there = 0 <= unit < channels
        out[k, :count] = x[(places * channels + unit) * inner + positions] if there else np.nan
    return count


@lru_cache
def jumps(n: int) -> NDArray[np.uint64]:
    """Return the first n numbers of the generator that samples are drawn with."""
    mask, random, drawn = 2**64 - 1, 0x9E3779B97F4A7C15, []
    for _ in range(n):
        random ^= random << 13 & mask
        random ^= random >> 7
        random ^= random << 17 & mask
        drawn.append(random >> 33)
    return np.array(drawn, np.uint64)


def sample(x: NDArray[Any], out: NDArray[Any]) -> None:
    """Draw one value from each of equal stretches."""
    stretch = x.size // out.size
    within = (jumps(out.size) % np.uint64(stretch)).astype(np.int64)
    out[:] = x[np.arange(out.size) * stretch + within]
