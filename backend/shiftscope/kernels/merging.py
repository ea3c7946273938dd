"""Several passes over parts of what belongs together (micro-batches, calls of one layer) made one, compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shiftscope.kernels.compile import compiled
from shiftscope.kernels.fused_pass import MOST_PICKED
from shiftscope.kernels.histogram import FINE, SHRINK, accumulate, choose_range, counted, edges_of, place_of
from shiftscope.kernels.moments import (
    BEYOND,
    COUNT,
    FINITE,
    INFINITIES,
    LOWER,
    MAXIMUM,
    MEAN,
    MINIMUM,
    NANS,
    PICKED,
    UPPER,
    VARIANCE,
    ZEROS,
)

_COUNTS = FINE + 2
_MOST_COUNTED = 2.0**30
"""What the counts of a merged histogram add up to at most: they are 32 bits wide."""


@compiled(signatures=["(float64[:,::1], int32[:,::1], float64[::1], int32[::1])"])
def merge_states(
    states: NDArray[np.float64], fines: NDArray[np.int32], state: NDArray[np.float64], fine: NDArray[np.int32]
) -> None:
    """Write what a pass over all values together finds, from what passes over parts of them found.

    Moments, extremes and counts are exact. The histogram's range is chosen anew; the counts of each part are spread
    evenly over its bins, and where only a sample of a part was counted, each stands for as many values as it did.
    `state` and `fine` may be one of the parts. Where the parts have no histogram there is none.

    Args:
        states: shape (parts, STATE).
        fines: shape (parts, STRIDE), their fine histograms.
        state: shape (STATE,), written.
        fine: shape (STRIDE,), written.
    """
    made = np.zeros(states.shape[1])
    with_histogram = _merge_moments(states, made)
    places = np.zeros(_COUNTS)
    if with_histogram:
        choose_range(made)
        for k in range(states.shape[0]):
            held = counted(fines[k])
            if states[k, FINITE] > 0 and held > 0:
                _spread(states[k], fines[k], states[k, FINITE] / held, made, places)
    state[:] = made
    _round(places, fine)


@compiled()
def _merge_moments(states: NDArray[np.float64], made: NDArray[np.float64]) -> bool:
    """Write all but the range; return whether every part with values has one."""
    with_histogram, first = True, -1
    for column in (MEAN, VARIANCE, MINIMUM, MAXIMUM, LOWER, UPPER):
        made[column] = np.nan
    for k in range(states.shape[0]):
        for column in (COUNT, FINITE, NANS, INFINITIES, PICKED):
            made[column] += states[k, column]
        if states[k, FINITE] > 0:
            with_histogram = with_histogram and not np.isnan(states[k, LOWER])
            first = k if first < 0 else first
            made[MINIMUM] = states[k, MINIMUM] if first == k else min(made[MINIMUM], states[k, MINIMUM])
            made[MAXIMUM] = states[k, MAXIMUM] if first == k else max(made[MAXIMUM], states[k, MAXIMUM])
    made[PICKED] = min(made[PICKED], MOST_PICKED)
    for column in (ZEROS, BEYOND):
        made[column] = _total(states, column)
    if first >= 0:
        _merge_mean_and_variance(states, states[first, MEAN], made)
    return with_histogram


@compiled()
def _merge_mean_and_variance(states: NDArray[np.float64], shift: float, made: NDArray[np.float64]) -> None:
    total = squares = 0.0
    for k in range(states.shape[0]):
        if states[k, FINITE] > 0:
            total += states[k, FINITE] * (states[k, MEAN] - shift)
    mean = shift + total / made[FINITE]
    for k in range(states.shape[0]):
        if states[k, FINITE] > 0:
            squares += states[k, FINITE] * (states[k, VARIANCE] + (states[k, MEAN] - mean) ** 2)
    made[MEAN], made[VARIANCE] = mean, squares / made[FINITE]


@compiled()
def _total(states: NDArray[np.float64], column: int) -> float:
    """Add up a count that a part without values need not have."""
    total, any_ = 0.0, False
    for k in range(states.shape[0]):
        if states[k, COUNT] > 0 or not np.isnan(states[k, column]):
            total += states[k, column]
            any_ = True
    return total if any_ else np.nan


@compiled()
def _spread(
    state: NDArray[np.float64],
    fine: NDArray[np.int32],
    weight: float,
    joint: NDArray[np.float64],
    places: NDArray[np.float64],
) -> None:
    """Add one part's counts, `weight` for each, to the bins of the joint range."""
    lower, scale = joint[LOWER], FINE * SHRINK / (joint[UPPER] - joint[LOWER])
    for k in range(_COUNTS):
        if fine[k] == 0:
            continue
        low, high = edges_of(state, k)
        begin, end = place_of(low, lower, scale), place_of(high, lower, scale)
        first, last = int(begin), int(end)
        mass = fine[k] * weight
        span = (high - low) * scale
        if first == last or not 0.0 < span < np.inf:
            places[first] += mass
            continue
        # `begin` and `end` are cut off at the range's ends: what lies beyond them goes to the counts of their own.
        places[0] += mass * max(0.0, lower - low) * scale / span
        places[FINE + 1] += mass * max(0.0, (high - lower) * scale - FINE) / span
        for place in range(max(first, 1), min(last, FINE) + 1):
            inside = min(end, place + 1.0) - max(begin, np.float64(place))
            places[place] += mass * inside / span


@compiled()
def _round(places: NDArray[np.float64], fine: NDArray[np.int32]) -> None:
    """Write whole counts whose sums from the left are those of `places`, rounded; NaN and nothing give none."""
    total = 0.0
    for k in range(_COUNTS):
        total += places[k]
    fine[:] = 0
    if not np.isfinite(total):
        return
    scale = _MOST_COUNTED / total if total > _MOST_COUNTED else 1.0
    reached, before = 0.0, 0
    for k in range(_COUNTS):
        reached += places[k] * scale
        up_to = int(np.floor(reached + 0.5))
        fine[k] = up_to - before
        before = up_to
    accumulate(fine)


@compiled(signatures=[f"(float32[:,::1], float64[{stride}], float32[::1])" for stride in ("::1", ":")])
def merge_channels(parts: NDArray[np.float32], counts: NDArray[np.float64], out: NDArray[np.float32]) -> None:
    """Write the means, then the biased variances by channel of all values together.

    Args:
        parts: shape (parts, 2 * channels), the means, then the biased variances of each.
        counts: shape (parts,), how many values each is of, or any multiple; those of 0 are left out.
        out: shape (2 * channels,), written; NaN where there are no values. It may be one of the parts.
    """
    channels = parts.shape[1] // 2
    total = np.float64(0.0)
    for k in range(parts.shape[0]):
        total += max(counts[k], 0.0)
    for c in range(channels):
        mean = squares = np.float64(0.0)
        for k in range(parts.shape[0]):
            if counts[k] > 0:
                mean += counts[k] * np.float64(parts[k, c])
        mean /= total
        for k in range(parts.shape[0]):
            if counts[k] > 0:
                apart = np.float64(parts[k, c]) - mean
                squares += counts[k] * (np.float64(parts[k, channels + c]) + apart * apart)
        out[c], out[channels + c] = mean, squares / total


@compiled(signatures=[f"(float64[:,:,::1], float64[{stride}], float64[:,::1])" for stride in ("::1", ":")])
def merge_units(parts: NDArray[np.float64], counts: NDArray[np.float64], out: NDArray[np.float64]) -> int:
    """Write the values of single units of all parts, one part after the other; return how many of each there are.

    Of more than there is place for, as many are taken, evenly from all.

    Args:
        parts: shape (parts, units, most values).
        counts: shape (parts,), how many of each unit there are in each.
        out: shape (units, most values), written; not one of the parts.
    """
    most = out.shape[1]
    total = 0
    for k in range(parts.shape[0]):
        total += int(counts[k])
    taken: int = min(total, most)
    k = before = 0
    for i in range(taken):
        place = i * total // taken
        while place - before >= int(counts[k]):
            before += int(counts[k])
            k += 1
        for unit in range(out.shape[0]):
            out[unit, i] = parts[k, unit, place - before]
    return taken
