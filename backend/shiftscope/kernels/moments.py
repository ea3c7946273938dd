"""The passes over a tensor's values, compiled: moments and extremes, sum of squares, moments by channel.

Each is written for flat memory of float32 or float64. Sums are kept in float64, whatever the values are: for float32
the square of a value is then exact, and shifting by any one of the values bounds the relative error of the variance by
about n * 2**-53 (that value is itself at most sqrt(n) standard deviations from the mean).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shiftscope.kernels import plain
from shiftscope.kernels.compile import compiled, over_memory

# Columns of a tensor's state.
COUNT, FINITE, MEAN, VARIANCE, MINIMUM, MAXIMUM, NANS, INFINITIES, LOWER, UPPER, ZEROS, BEYOND, PICKED = range(13)
STATE = 13

_BLOCK = 8192


@compiled(vectorized=True, in_numpy=plain.shifted_sums)
def _shifted_sums(x: NDArray[Any], shift: float) -> tuple[float, float]:
    total = 0.0
    squares = 0.0
    for i in range(x.size):
        d = np.float64(x[i]) - shift
        total += d
        squares += d * d
    return total, squares


# Floats order like integers of a sign and a magnitude, and extremes of integers vectorize where those of floats don't.
# Each expression is cast back to 32 bits: numba's integers grow to 64, which would halve what fits a register.
_SIGN, _MAGNITUDE = np.int32(31), np.int32(0x7FFFFFFF)


@compiled(in_numpy=plain.extremes)
def _extremes32(bits: NDArray[np.int32], ends: NDArray[np.int32]) -> None:
    low, high = ends[0], ends[1]
    for i in range(bits.size):
        v = bits[i]
        v = np.int32(v ^ np.int32(np.int32(v >> _SIGN) & _MAGNITUDE))
        low = np.int32(min(low, v))
        high = np.int32(max(high, v))
    ends[0], ends[1] = low, high


@compiled(in_numpy=plain.extremes)
def _extremes64(bits: NDArray[np.int64], ends: NDArray[np.int64]) -> None:
    low, high = ends[0], ends[1]
    for i in range(bits.size):
        v = bits[i]
        v = v ^ ((v >> np.int64(63)) & np.int64(0x7FFFFFFFFFFFFFFF))
        low = min(low, v)
        high = max(high, v)
    ends[0], ends[1] = low, high


def _finite_moments_in_numpy(x: NDArray[Any], state: NDArray[np.float64]) -> None:
    finite = x[np.isfinite(x)].astype(np.float64)
    nans = np.count_nonzero(np.isnan(x))
    state[FINITE], state[NANS], state[INFINITIES] = finite.size, nans, x.size - finite.size - nans
    state[MEAN] = state[VARIANCE] = state[MINIMUM] = state[MAXIMUM] = np.nan
    if finite.size:
        mean = finite[0] + (finite - finite[0]).sum() / finite.size
        apart = finite - mean
        apart = apart[np.isfinite(apart)]
        state[MEAN], state[VARIANCE] = mean, plain.dot(apart, apart) / finite.size
        state[MINIMUM], state[MAXIMUM] = finite.min(), finite.max()


@compiled(in_numpy=_finite_moments_in_numpy)
def _finite_moments(x: NDArray[Any], state: NDArray[np.float64]) -> None:
    """Take the long way: the moments of the finite values alone."""
    nans = infinities = finite = 0
    low, high, shift, total = np.inf, -np.inf, 0.0, 0.0
    for i in range(x.size):
        v = np.float64(x[i])
        if np.isnan(v):
            nans += 1
        elif np.isinf(v):
            infinities += 1
        else:
            shift = v if finite == 0 else shift
            finite += 1
            total += v - shift
            low, high = min(low, v), max(high, v)
    mean = shift + total / finite if finite else np.nan
    squares = 0.0
    for i in range(x.size):
        d = np.float64(x[i]) - mean
        if np.isfinite(d):
            squares += d * d
    state[FINITE], state[NANS], state[INFINITIES] = finite, nans, infinities
    state[MEAN] = mean
    state[VARIANCE] = squares / finite if finite else np.nan
    state[MINIMUM] = low if finite else np.nan
    state[MAXIMUM] = high if finite else np.nan


@compiled()
def _write_moments(n: int, shift: float, total: float, squares: float, state: NDArray[np.float64]) -> None:
    state[FINITE], state[NANS], state[INFINITIES] = n, 0, 0
    state[MEAN] = shift + total / n
    state[VARIANCE] = max(0.0, (squares - total * total / n) / n)


@compiled()
def _moments32(x: NDArray[np.float32], state: NDArray[np.float64]) -> bool:
    """Fill the state in one go through memory; False where a value is not finite."""
    shift, total, squares = np.float64(x[0]), 0.0, 0.0
    ends = np.empty(2, np.int32)
    ends[0], ends[1] = np.int32(2147483647), np.int32(-2147483648)
    for start in range(0, x.size, _BLOCK):
        block = x[start : min(start + _BLOCK, x.size)]
        part, part_squares = _shifted_sums(block, shift)
        total += part
        squares += part_squares
        _extremes32(block.view(np.int32), ends)
    if not np.isfinite(squares):
        return False
    _write_moments(x.size, shift, total, squares, state)
    for i in range(2):
        ends[i] = ends[i] ^ ((ends[i] >> np.int32(31)) & np.int32(0x7FFFFFFF))
    values = ends.view(np.float32)
    state[MINIMUM], state[MAXIMUM] = values[0], values[1]
    return True


@compiled()
def _moments64(x: NDArray[np.float64], state: NDArray[np.float64]) -> bool:
    """Fill the state in one go through memory; False where a value is not finite."""
    shift, total, squares = x[0], 0.0, 0.0
    ends = np.empty(2, np.int64)
    ends[0], ends[1] = np.int64(9223372036854775807), np.int64(-9223372036854775808)
    for start in range(0, x.size, _BLOCK):
        block = x[start : min(start + _BLOCK, x.size)]
        part, part_squares = _shifted_sums(block, shift)
        total += part
        squares += part_squares
        _extremes64(block.view(np.int64), ends)
    if not np.isfinite(squares):
        return False
    _write_moments(x.size, shift, total, squares, state)
    for i in range(2):
        ends[i] = ends[i] ^ ((ends[i] >> np.int64(63)) & np.int64(0x7FFFFFFFFFFFFFFF))
    values = ends.view(np.float64)
    state[MINIMUM], state[MAXIMUM] = values[0], values[1]
    return True


@over_memory()
def moments(x: NDArray[Any], state: NDArray[np.float64]) -> None:
    """Fill `state` (STATE columns, as far as they are moments, extremes and counts) from values."""
    state[COUNT] = x.size
    # The size of an item is known when this is compiled, once for each of the two: no branch is left.
    done = x.size > 0 and (_moments64(x, state) if x.itemsize == 8 else _moments32(x, state))
    if not done:
        _finite_moments(x, state)


@compiled(vectorized=True, in_numpy=plain.sum_of_squares)
def _sum_of_squares(x: NDArray[Any]) -> float:
    squares = 0.0
    for i in range(x.size):
        v = np.float64(x[i])
        squares += v * v
    return squares


@compiled(in_numpy=plain.not_finite)
def _not_finite(x: NDArray[Any]) -> int:
    count = 0
    for i in range(x.size):
        if not np.isfinite(x[i]):
            count += 1
    return count


@over_memory(signatures=["(int64, int64, boolean)"])
def squares(x: NDArray[Any]) -> tuple[float, int]:
    """Return the sum of squares of values, and how many of them are not finite."""
    total = _sum_of_squares(x)
    return total, 0 if np.isfinite(total) else _not_finite(x)


@compiled(vectorized=True)
def _add_row(
    x: NDArray[Any], shifts: NDArray[np.float64], totals: NDArray[np.float64], squares: NDArray[np.float64]
) -> None:
    for c in range(x.size):
        d = np.float64(x[c]) - shifts[c]
        totals[c] += d
        squares[c] += d * d


@over_memory(in_numpy=plain.channel_moments)
def channel_moments(x: NDArray[Any], inner: int, out: NDArray[np.float32]) -> None:
    """Write the mean, then the biased variance of each channel of memory laid out (samples, channels, inner).

    NaN where there is nothing, or not as many values as that would be.
    """
    channels = out.size // 2
    if x.size == 0 or channels * inner == 0 or x.size % (channels * inner) != 0:
        out[:] = np.nan
        return
    totals, squares, shifts = np.zeros(channels), np.zeros(channels), np.zeros(channels)
    for c in range(channels):
        shifts[c] = x[c * inner]
    for start in range(0, x.size, channels * inner):
        if inner == 1:
            _add_row(x[start : start + channels], shifts, totals, squares)
            continue
        for c in range(channels):
            begin = start + c * inner
            total, square = _shifted_sums(x[begin : begin + inner], shifts[c])
            totals[c] += total
            squares[c] += square
    n = x.size // channels
    for c in range(channels):
        variance = (squares[c] - totals[c] * totals[c] / n) / n
        out[c] = shifts[c] + totals[c] / n
        out[channels + c] = 0.0 if variance < 0.0 else variance  # noqa: FURB136  max() would make 0 of NaN
