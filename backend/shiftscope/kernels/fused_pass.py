"""Measuring tensors as they pass: one compiled call for all that is requested, while their values are in the cache."""

from __future__ import annotations

from enum import IntFlag

import numpy as np
from numpy.typing import NDArray

from shiftscope.kernels.compile import compiled, float32_at, float64_at, int32_at, int64_at
from shiftscope.kernels.counts import count_beyond, count_zeros, pick
from shiftscope.kernels.histogram import STRIDE, bins
from shiftscope.kernels.moments import BEYOND, PICKED, STATE, ZEROS, channel_moments, moments

MOST_PICKED = 1024
"""Most values of a single unit that are looked at in one pass."""


class Statistic(IntFlag):
    """What may be requested of the values at a site."""

    MOMENTS = 1
    BINS = 2
    CHANNEL_MOMENTS = 4
    ZEROS = 8
    BEYOND = 16
    UNITS = 32


_MOMENTS, _BINS, _CHANNEL_MOMENTS = int(Statistic.MOMENTS), int(Statistic.BINS), int(Statistic.CHANNEL_MOMENTS)
_ZEROS, _BEYOND, _UNITS = int(Statistic.ZEROS), int(Statistic.BEYOND), int(Statistic.UNITS)

REQUESTED, CHANNELS, VECTOR, PICK = range(4)
"""Columns of a slot: the statistics that are requested; how many units or channels there are; where what is found by
channel goes; where the values of single units go."""
SLOT_COLUMNS = 4

SLOTS, LIMITS, STATES, FINES, VECTORS, UNITS, PICKS, UNIT_COUNT = range(8)
"""Entries of the directory: addresses of tables, and the number of single units.

slots: int64, (slots, SLOT_COLUMNS), what is requested. limits: float64, (slots, 2), beyond which values are counted.
states: float64, (slots, STATE). fines: int32, (slots, STRIDE), fine histograms. vectors: float32, what is found by
channel: means, then variances. units: int64, which single units are recorded. picks: float64, (sites with single units,
units, MOST_PICKED), their values.
"""
DIRECTORY = 8


@compiled(signatures=["(int64[::1], int64, int64, int64, boolean, int64)"])
def pass_over(directory: NDArray[np.int64], slot: int, address: int, n: int, wide: bool, inner: int) -> None:
    """Measure what is requested at a slot, of n values at an address.

    A directory of addresses stands for seven tables, because each table given would be unpacked at each call.

    Args:
        directory: where the tables are, shape (DIRECTORY,).
        slot: which row of them.
        address: where the values lie in memory.
        n: how many there are.
        wide: whether they are float64 instead of float32.
        inner: how many values of one channel lie together.
    """
    columns = int64_at(directory[SLOTS] + 8 * SLOT_COLUMNS * slot, SLOT_COLUMNS)
    state = float64_at(directory[STATES] + 8 * STATE * slot, STATE)
    statistics, channels = columns[REQUESTED], columns[CHANNELS]
    if statistics & _MOMENTS:
        moments(address, n, wide, state)
    if statistics & _BINS:
        bins(address, n, wide, state, int32_at(directory[FINES] + 4 * STRIDE * slot, STRIDE))
    if statistics & _CHANNEL_MOMENTS:
        out = float32_at(directory[VECTORS] + 4 * columns[VECTOR], 2 * channels)
        channel_moments(address, n, wide, inner, out)
    if statistics & _ZEROS:
        state[ZEROS] = count_zeros(address, n, wide)
    if statistics & _BEYOND:
        limits = float64_at(directory[LIMITS] + 16 * slot, 2)
        state[BEYOND] = count_beyond(address, n, wide, limits[0], limits[1])
    if statistics & _UNITS:
        count = directory[UNIT_COUNT]
        size = count * MOST_PICKED
        picked = float64_at(directory[PICKS] + 8 * size * columns[PICK], size).reshape(count, MOST_PICKED)
        state[PICKED] = pick(address, n, wide, channels, inner, int64_at(directory[UNITS], count), picked)


@compiled(signatures=["(int64[::1], int64, int64, int64, int64, int64, int64)"])
def pass_over_both(
    directory: NDArray[np.int64], slot: int, address: int, n: int, other: int, other_address: int, other_n: int
) -> None:
    """Measure two tensors of float32 of which nothing is requested by channel."""
    pass_over(directory, slot, address, n, False, 1)
    pass_over(directory, other, other_address, other_n, False, 1)
