"""Looking at one tensor as it passes: one compiled call for all that is wanted, while its values are in the cache."""

from __future__ import annotations

from enum import IntFlag

import numpy as np
from numpy.typing import NDArray

from shiftscope.probes.bins import bins
from shiftscope.probes.compiled import compiled
from shiftscope.probes.kernels import channel_moments, moments


class Want(IntFlag):
    """What is wanted of the values at a site."""

    MOMENTS = 1
    BINS = 2
    CHANNEL_MOMENTS = 4


_BINS, _CHANNEL_MOMENTS = int(Want.BINS), int(Want.CHANNEL_MOMENTS)

WANT, CHANNELS, VECTOR = range(3)
"""Columns of a sight: what is wanted; how many channels there are; where what is found by channel goes."""
SIGHT = 3


@compiled()
def look(  # noqa: PLR0913, PLR0917  numba takes no keywords, and a bundle would be unpacked at each call
    sights: NDArray[np.int64],
    state: NDArray[np.float64],
    fine: NDArray[np.int32],
    vectors: NDArray[np.float32],
    slot: int,
    address: int,
    n: int,
    wide: bool,
    inner: int,
) -> None:
    """Take in what is wanted of n values at an address.

    Args:
        sights: what is wanted, shape (slots, SIGHT).
        state: shape (slots, STATE), is filled.
        fine: fine histograms, shape (slots, STRIDE), are filled.
        vectors: is filled with what is found by channel: means, then variances.
        slot: which one of these.
        address: where the values lie in memory.
        n: how many there are.
        wide: whether they are float64 instead of float32.
        inner: how many values of one channel lie together.
    """
    want = sights[slot, WANT]
    moments(address, n, wide, state[slot])
    if want & _BINS:
        bins(address, n, wide, state[slot], fine[slot])
    if want & _CHANNEL_MOMENTS:
        start = sights[slot, VECTOR]
        channel_moments(address, n, wide, inner, vectors[start : start + 2 * sights[slot, CHANNELS]])
