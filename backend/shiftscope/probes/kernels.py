"""The passes over a tensor's values, compiled: moments, extremes, fine histogram, sum of squares.

Each is written for flat memory of float32 or float64. Sums are kept in float64, whatever the values are: for float32
the square of a value is then exact, and shifting by any one of the values bounds the relative error of the variance by
about n * 2**-53 (that value is itself at most sqrt(n) standard deviations from the mean).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shiftscope.probes.compiled import compiled, float32_at, float64_at

FINE = 512
"""Bins of the fine histogram, which quantiles are read from; the shown one has FINE / FOLD."""
FOLD = 8
REACH = 4.0
"""The fine histogram spans mean +- REACH sigma, or less where the values span less.

By Cantelli's inequality at most 1/17 of any values lie beyond either end, so every level from 5.9 % to 94.1 % falls
inside, and a quantile is at most one fine bin (2 * REACH / FINE = 0.016 sigma) off.
"""
LANES = 4
"""Fine histograms counted side by side: equal values in a row (relu's zeros) would wait for each other's sum."""
STRIDE = FINE + 2
"""Counts a lane: below, FINE bins, above."""

# Columns of a tensor's state.
COUNT, FINITE, MEAN, VARIANCE, MINIMUM, MAXIMUM, NANS, INFINITIES, LOWER, UPPER, SQUARES, NOT_FINITE = range(12)
STATE = 12

_BLOCK = 1024
_NARROW = 2.0**-18
_SAFE_LOW, _SAFE_HIGH = 1e-30, 1e30


@compiled(vectorized=True)
def _shifted_sums(x: NDArray[Any], shift: float) -> tuple[float, float]:
    total = 0.0
    squares = 0.0
    for i in range(x.size):
        d = np.float64(x[i]) - shift
        total += d
        squares += d * d
    return total, squares


@compiled()
def _extremes32(bits: NDArray[np.int32]) -> tuple[np.int32, np.int32]:
    # Floats order like sign-and-magnitude integers, and integer extremes vectorize where float ones don't.
    low, high = np.int32(2147483647), np.int32(-2147483648)
    for i in range(bits.size):
        v = bits[i]
        v = v ^ ((v >> np.int32(31)) & np.int32(0x7FFFFFFF))
        low = min(low, v)
        high = max(high, v)
    return low, high


@compiled()
def _extremes64(bits: NDArray[np.int64]) -> tuple[np.int64, np.int64]:
    low, high = np.int64(9223372036854775807), np.int64(-9223372036854775808)
    for i in range(bits.size):
        v = bits[i]
        v = v ^ ((v >> np.int64(63)) & np.int64(0x7FFFFFFFFFFFFFFF))
        low = min(low, v)
        high = max(high, v)
    return low, high


@compiled()
def _finite_moments(x: NDArray[Any], state: NDArray[np.float64]) -> None:
    """Take the long way: the moments of the finite values alone."""
    nans = infinities = finite = 0
    low, high, total = np.inf, -np.inf, 0.0
    for i in range(x.size):
        v = np.float64(x[i])
        if np.isnan(v):
            nans += 1
        elif np.isinf(v):
            infinities += 1
        else:
            finite += 1
            total += v
            low, high = min(low, v), max(high, v)
    mean = total / finite if finite else np.nan
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
def _moments(x: NDArray[Any], state: NDArray[np.float64]) -> bool:
    """Fill all but the extremes; False where values are not finite and everything was filled the long way."""
    n = x.size
    state[COUNT] = n
    if n > 0:
        shift = np.float64(x[0])
        total, squares = _shifted_sums(x, shift)
        if np.isfinite(squares):
            state[FINITE], state[NANS], state[INFINITIES] = n, 0, 0
            state[MEAN] = shift + total / n
            state[VARIANCE] = max(0.0, (squares - total * total / n) / n)
            return True
    _finite_moments(x, state)
    return False


@compiled()
def moments32(address: int, n: int, state: NDArray[np.float64]) -> None:
    """Fill `state` (STATE columns, LOWER and UPPER apart) from n float32 values at `address`."""
    if _moments(float32_at(address, n), state):
        low, high = _extremes32(float32_at(address, n).view(np.int32))
        ends = np.empty(2, np.int32)
        ends[0], ends[1] = low, high
        for i in range(2):
            ends[i] = ends[i] ^ ((ends[i] >> np.int32(31)) & np.int32(0x7FFFFFFF))
        values = ends.view(np.float32)
        state[MINIMUM], state[MAXIMUM] = values[0], values[1]


@compiled()
def moments64(address: int, n: int, state: NDArray[np.float64]) -> None:
    """Fill `state` (STATE columns, LOWER and UPPER apart) from n float64 values at `address`."""
    if _moments(float64_at(address, n), state):
        low, high = _extremes64(float64_at(address, n).view(np.int64))
        ends = np.empty(2, np.int64)
        ends[0], ends[1] = low, high
        for i in range(2):
            ends[i] = ends[i] ^ ((ends[i] >> np.int64(63)) & np.int64(0x7FFFFFFFFFFFFFFF))
        values = ends.view(np.float64)
        state[MINIMUM], state[MAXIMUM] = values[0], values[1]


@compiled()
def choose_range(state: NDArray[np.float64]) -> None:
    """Set LOWER and UPPER: mean +- REACH sigma within the extremes; a sliver around values that are all alike."""
    if state[FINITE] == 0:
        state[LOWER] = state[UPPER] = np.nan
        return
    mean, sigma = state[MEAN], np.sqrt(state[VARIANCE])
    lower = max(state[MINIMUM], mean - REACH * sigma)
    upper = min(state[MAXIMUM], mean + REACH * sigma)
    if upper - lower <= abs(mean) * _NARROW:
        half = max(abs(mean) * _NARROW, 1e-6)
        lower, upper = mean - half, mean + half
    state[LOWER], state[UPPER] = lower, upper


@compiled()
def _place32(x: NDArray[np.float32], lower: float, scale: float, places: NDArray[np.int32]) -> None:
    low, by, top = np.float32(lower), np.float32(scale), np.float32(FINE + 1)
    for i in range(x.size):
        t = (x[i] - low) * by + np.float32(1)
        t = t if t > np.float32(0) else np.float32(0)  # noqa: FURB136  a selection vectorizes, min() minds NaN
        t = t if t < top else top  # noqa: FURB136
        places[i] = np.int32(t)


@compiled()
def _bins_finite(x: NDArray[Any], lower: float, scale: float, counts: NDArray[np.int32]) -> None:
    """Take the long way, in float64 and past values that are not finite."""
    for i in range(x.size):
        v = np.float64(x[i])
        if np.isfinite(v):
            t = min(max((v - lower) * scale + 1.0, 0.0), FINE + 1.0)
            counts[np.uint32(t)] += np.int32(1)


@compiled()
def _bins32(x: NDArray[np.float32], lower: float, scale: float, counts: NDArray[np.int32]) -> None:
    places = np.empty(_BLOCK, np.int32)
    second, third, fourth = np.uint32(STRIDE), np.uint32(2 * STRIDE), np.uint32(3 * STRIDE)
    one = np.int32(1)
    for start in range(0, x.size, _BLOCK):
        block = x[start : min(start + _BLOCK, x.size)]
        _place32(block, lower, scale, places)
        even = block.size // LANES * LANES
        for i in range(0, even, LANES):
            counts[np.uint32(places[i])] += one
            counts[second + np.uint32(places[i + 1])] += one
            counts[third + np.uint32(places[i + 2])] += one
            counts[fourth + np.uint32(places[i + 3])] += one
        for i in range(even, block.size):
            counts[np.uint32(places[i])] += one


@compiled()
def bins(address: int, n: int, wide: bool, state: NDArray[np.float64], fine: NDArray[np.int32]) -> None:
    """Count n values at `address` into `fine` (STRIDE counts) over the range of `state`, whose moments are filled."""
    choose_range(state)
    fine[:STRIDE] = 0
    if state[FINITE] == 0:
        return
    span = state[UPPER] - state[LOWER]
    # A hair less than FINE bins, so that the largest value falls into the last one.
    scale = FINE * (1.0 - 1e-6) / span
    if wide:
        _bins_finite(float64_at(address, n), state[LOWER], scale, fine)
    elif state[FINITE] < state[COUNT] or not (_SAFE_LOW < span < _SAFE_HIGH):
        _bins_finite(float32_at(address, n), state[LOWER], scale, fine)
    else:
        lanes = np.zeros(LANES * STRIDE, np.int32)
        _bins32(float32_at(address, n), state[LOWER], scale, lanes)
        for i in range(STRIDE):
            fine[i] = lanes[i] + lanes[STRIDE + i] + lanes[2 * STRIDE + i] + lanes[3 * STRIDE + i]


@compiled(vectorized=True)
def _sum_of_squares(x: NDArray[Any]) -> float:
    squares = 0.0
    for i in range(x.size):
        v = np.float64(x[i])
        squares += v * v
    return squares


@compiled()
def _not_finite(x: NDArray[Any]) -> int:
    count = 0
    for i in range(x.size):
        if not np.isfinite(x[i]):
            count += 1
    return count


@compiled()
def squares(address: int, n: int, wide: bool) -> tuple[float, int]:
    """Return the sum of squares of n values at `address`, and how many of them are not finite."""
    if wide:
        x64 = float64_at(address, n)
        total = _sum_of_squares(x64)
        return total, 0 if np.isfinite(total) else _not_finite(x64)
    x32 = float32_at(address, n)
    total = _sum_of_squares(x32)
    return total, 0 if np.isfinite(total) else _not_finite(x32)


@compiled(vectorized=True)
def _column_sums(
    x: NDArray[Any], shifts: NDArray[np.float64], totals: NDArray[np.float64], squares: NDArray[np.float64]
) -> None:
    channels = shifts.size
    for start in range(0, x.size, channels):
        for c in range(channels):
            d = np.float64(x[start + c]) - shifts[c]
            totals[c] += d
            squares[c] += d * d


@compiled()
def _channel_moments(x: NDArray[Any], inner: int, out: NDArray[np.float32]) -> None:
    channels = out.size // 2
    totals, squares, shifts = np.zeros(channels), np.zeros(channels), np.zeros(channels)
    for c in range(channels):
        shifts[c] = x[c * inner]
    if inner == 1:
        _column_sums(x, shifts, totals, squares)
    else:
        for start in range(0, x.size, channels * inner):
            for c in range(channels):
                begin = start + c * inner
                total, square = _shifted_sums(x[begin : begin + inner], shifts[c])
                totals[c] += total
                squares[c] += square
    n = x.size // channels
    for c in range(channels):
        out[c] = shifts[c] + totals[c] / n
        out[channels + c] = max(0.0, (squares[c] - totals[c] * totals[c] / n) / n)


@compiled()
def channel_moments(address: int, n: int, wide: bool, inner: int, out: NDArray[np.float32]) -> None:
    """Write the mean, then the biased variance of each channel of memory laid out (samples, channels, inner)."""
    if n == 0:
        out[:] = np.nan
    elif wide:
        _channel_moments(float64_at(address, n), inner, out)
    else:
        _channel_moments(float32_at(address, n), inner, out)
