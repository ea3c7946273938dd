"""Counting values into a fine histogram whose range follows them, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shiftscope.kernels import plain
from shiftscope.kernels.compile import compiled, over_memory
from shiftscope.kernels.moments import COUNT, FINITE, LOWER, MAXIMUM, MEAN, MINIMUM, UPPER, VARIANCE

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
LANE = FINE + 2
"""Counts a lane: below, FINE bins, above."""
COARSE = FINE // FOLD
"""Bins of the histogram that is shown."""
STRIDE = LANE + COARSE + 1
"""What is kept of a fine histogram: the counts of a lane, then how many values lie below each coarse bin's edges."""

WHOLE = 131_072
"""Most values that are all counted; of more a sample is."""
SAMPLE = 65_536
"""Values of a sample: a Gaussian's quantiles from 6.7 % to 93.3 % then have a standard error of at most 0.008."""

_BLOCK = 1024
NARROW = 2.0**-18
"""Values that are apart by less than this fraction of their mean get a sliver around them."""
SAFE_LOW, SAFE_HIGH = 1e-30, 1e30
"""Spans within which float32 holds all that places of bins are found by."""
SHRINK = 1.0 - 1e-6
"""A hair less than FINE bins span the range, so that the largest value falls into the last one."""


@compiled()
def choose_range(state: NDArray[np.float64]) -> None:
    """Set LOWER and UPPER: mean +- REACH sigma within the extremes; a sliver around values that are all alike."""
    if state[FINITE] == 0:
        state[LOWER] = state[UPPER] = np.nan
        return
    mean, sigma = state[MEAN], np.sqrt(state[VARIANCE])
    lower = max(state[MINIMUM], mean - REACH * sigma)
    upper = min(state[MAXIMUM], mean + REACH * sigma)
    if upper - lower <= abs(mean) * NARROW:
        half = max(abs(mean) * NARROW, 1e-6)
        lower, upper = mean - half, mean + half
    state[LOWER], state[UPPER] = lower, upper


@compiled()
def edges_of(state: NDArray[np.float64], k: int) -> tuple[float, float]:
    """Return between which values lie those of the k-th count of a fine histogram; alike where they are all one."""
    low, high = state[MINIMUM], state[MAXIMUM]
    width = (state[UPPER] - state[LOWER]) / FINE
    begin = low if k == 0 else state[LOWER] + (k - 1) * width
    end = high if k == FINE + 1 else state[LOWER] + k * width
    return min(max(begin, low), high), min(max(end, low), high)


@compiled()
def counted(fine: NDArray[np.int32]) -> int:
    """Return how many values a fine histogram holds."""
    # In 64 bits, also where Python adds numpy's integers.
    total: int = np.int64(fine[LANE + COARSE]) + np.int64(fine[FINE + 1])  # type: ignore[assignment]
    return total


@compiled()
def _place32(x: NDArray[np.float32], lower: float, scale: float, places: NDArray[np.int32]) -> None:
    low, by, top = np.float32(lower), np.float32(scale), np.float32(FINE + 1)
    for i in range(x.size):
        t = (x[i] - low) * by + np.float32(1)
        t = t if t > np.float32(0) else np.float32(0)  # noqa: FURB136  a selection vectorizes, min() minds NaN
        t = t if t < top else top  # noqa: FURB136
        places[i] = np.int32(t)


@compiled()
def place_of(value: float, lower: float, scale: float) -> float:
    """Return which count a value belongs to, with the part of its bin before it; from 0 to FINE + 1 whatever it is."""
    # Where the largest numbers of float64 are spanned, this is NaN: selections make a place of that, min and max don't.
    t = (value - lower) * scale + 1.0
    t = t if t > 0.0 else 0.0  # noqa: FURB136
    return t if t < FINE + 1.0 else FINE + 1.0  # noqa: FURB136


def _bins_finite_in_numpy(x: NDArray[Any], lower: float, scale: float, counts: NDArray[np.int32]) -> None:
    for (values,) in plain.pieces(x):
        t = (values[np.isfinite(values)] - lower) * scale + 1.0
        t[np.isnan(t)] = 0.0
        counts[:LANE] += np.bincount(t.clip(0.0, FINE + 1.0).astype(np.int64), minlength=LANE).astype(np.int32)


@compiled(in_numpy=_bins_finite_in_numpy)
def _bins_finite(x: NDArray[Any], lower: float, scale: float, counts: NDArray[np.int32]) -> None:
    """Take the long way, in float64 and past values that are not finite."""
    for i in range(x.size):
        v = np.float64(x[i])
        if np.isfinite(v):
            counts[np.uint32(place_of(v, lower, scale))] += np.int32(1)


def _bins32_in_numpy(x: NDArray[np.float32], lower: float, scale: float, counts: NDArray[np.int32]) -> None:
    t = (x - np.float32(lower)) * np.float32(scale) + np.float32(1)
    places = t.clip(np.float32(0), np.float32(FINE + 1)).astype(np.int64)
    counts[:LANE] += np.bincount(places, minlength=LANE).astype(np.int32)


@compiled(in_numpy=_bins32_in_numpy)
def _bins32(x: NDArray[np.float32], lower: float, scale: float, counts: NDArray[np.int32]) -> None:
    places = np.empty(_BLOCK, np.int32)
    second, third, fourth = np.uint32(LANE), np.uint32(2 * LANE), np.uint32(3 * LANE)
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


def _fold_in_numpy(lanes: NDArray[np.int32], fine: NDArray[np.int32]) -> None:
    fine[:LANE] = lanes.reshape(LANES, LANE).sum(axis=0)


@compiled(in_numpy=_fold_in_numpy)
def _fold(lanes: NDArray[np.int32], fine: NDArray[np.int32]) -> None:
    for i in range(LANE):
        fine[i] = lanes[i] + lanes[LANE + i] + lanes[2 * LANE + i] + lanes[3 * LANE + i]


def _accumulate_in_numpy(fine: NDArray[np.int32]) -> None:
    fine[LANE] = fine[0]
    fine[LANE + 1 : STRIDE] = fine[0] + np.cumsum(fine[1 : FINE + 1])[FOLD - 1 :: FOLD]


@compiled(in_numpy=_accumulate_in_numpy)
def accumulate(fine: NDArray[np.int32]) -> None:
    """Fill how many values lie below each coarse bin's edges from the counts."""
    below = fine[0]
    for b in range(COARSE):
        fine[LANE + b] = below
        for i in range(FOLD):
            below += fine[1 + b * FOLD + i]
    fine[LANE + COARSE] = below


@compiled(in_numpy=plain.sample)
def _sample(x: NDArray[Any], sample: NDArray[Any]) -> None:
    """Take one value from each of equal stretches, at a place that jumps about: a fixed one would alias with rows."""
    stretch = x.size // sample.size
    random = np.uint64(0x9E3779B97F4A7C15)
    for i in range(sample.size):
        random ^= random << np.uint64(13)
        random ^= random >> np.uint64(7)
        random ^= random << np.uint64(17)
        sample[i] = x[i * stretch + np.int64((random >> np.uint64(33)) % np.uint64(stretch))]


@over_memory()
def bins(x: NDArray[Any], state: NDArray[np.float64], fine: NDArray[np.int32]) -> None:
    """Count values into `fine` (STRIDE) over the range of `state`, whose moments are filled.

    Of more than WHOLE values a sample is counted.
    """
    choose_range(state)
    fine[:] = 0
    if state[FINITE] == 0:
        return
    span = state[UPPER] - state[LOWER]
    scale = FINE * SHRINK / span
    some = x
    if x.size > WHOLE:
        some = np.empty(SAMPLE, x.dtype)
        _sample(x, some)
    if x.itemsize == 8 or state[FINITE] < state[COUNT] or not (SAFE_LOW < span < SAFE_HIGH):
        _bins_finite(some, state[LOWER], scale, fine)
    else:
        lanes = np.zeros(LANES * LANE, np.int32)
        _bins32(some, state[LOWER], scale, lanes)
        _fold(lanes, fine)
    accumulate(fine)
