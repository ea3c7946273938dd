"""Looking at one tensor as it passes: one compiled call for all that is wanted, while its values are in the cache."""

from __future__ import annotations

from enum import IntFlag

import numpy as np
from numpy.typing import NDArray

from shiftscope.probes.bins import bins
from shiftscope.probes.compiled import compiled
from shiftscope.probes.counting import count_beyond, count_zeros, pick
from shiftscope.probes.kernels import BEYOND, PICKED, ZEROS, channel_moments, moments


class Want(IntFlag):
    """What is wanted of the values at a site."""

    MOMENTS = 1
    BINS = 2
    CHANNEL_MOMENTS = 4
    ZEROS = 8
    BEYOND = 16
    UNITS = 32


_MOMENTS, _BINS, _CHANNEL_MOMENTS = int(Want.MOMENTS), int(Want.BINS), int(Want.CHANNEL_MOMENTS)
_ZEROS, _BEYOND, _UNITS = int(Want.ZEROS), int(Want.BEYOND), int(Want.UNITS)

WANT, CHANNELS, VECTOR, PICK = range(4)
"""Columns of a sight: what is wanted; how many units or channels there are; where what is found by channel goes; where
the values of single units go."""
SIGHT = 4


@compiled()
def look(  # noqa: PLR0913, PLR0917  numba takes no keywords, and a bundle would be unpacked at each call
    sights: NDArray[np.int64],
    limits: NDArray[np.float64],
    state: NDArray[np.float64],
    fine: NDArray[np.int32],
    vectors: NDArray[np.float32],
    units: NDArray[np.int64],
    picked: NDArray[np.float64],
    slot: int,
    address: int,
    n: int,
    wide: bool,
    inner: int,
) -> None:
    """Take in what is wanted of n values at an address.

    Args:
        sights: what is wanted, shape (slots, SIGHT).
        limits: shape (slots, 2), beyond which values are counted.
        state: shape (slots, STATE), is filled.
        fine: fine histograms, shape (slots, STRIDE), are filled.
        vectors: is filled with what is found by channel: means, then variances.
        units: which single units are looked at.
        picked: shape (sites with single units, units, most values), is filled with theirs.
        slot: which one of these.
        address: where the values lie in memory.
        n: how many there are.
        wide: whether they are float64 instead of float32.
        inner: how many values of one channel lie together.
    """
    want, channels = sights[slot, WANT], sights[slot, CHANNELS]
    if want & _MOMENTS:
        moments(address, n, wide, state[slot])
    if want & _BINS:
        bins(address, n, wide, state[slot], fine[slot])
    if want & _CHANNEL_MOMENTS:
        start = sights[slot, VECTOR]
        channel_moments(address, n, wide, inner, vectors[start : start + 2 * channels])
    if want & _ZEROS:
        state[slot, ZEROS] = count_zeros(address, n, wide)
    if want & _BEYOND:
        state[slot, BEYOND] = count_beyond(address, n, wide, limits[slot, 0], limits[slot, 1])
    if want & _UNITS:
        state[slot, PICKED] = pick(address, n, wide, channels, inner, units, picked[sights[slot, PICK]])
