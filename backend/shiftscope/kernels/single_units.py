"""What single units do, from their values picked out of a layer's, compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shiftscope.kernels.compile import compiled
from shiftscope.kernels.histogram import COARSE, STRIDE, bins
from shiftscope.kernels.moments import STATE, moments
from shiftscope.kernels.readout import write_histogram, write_moments, write_quantiles

MOMENTS = 5


@compiled(signatures=["(float64[:,::1], int64, float64[::1], float32[::1], int64, int64)"])
def write_units(
    picked: NDArray[np.float64], count: int, levels: NDArray[np.float64], row: NDArray[np.float32], at: int,
    histograms_at: int,
) -> None:  # fmt: skip
    """Write, for each unit, its moments, then for each its quantiles; elsewhere its histogram, range and outside.

    `picked` has shape (units, most values), of which `count` are there. Places of -1 are left out.
    """
    units = picked.shape[0]
    state, fine = np.zeros(STATE), np.zeros(STRIDE, np.int32)
    one, shown = np.zeros(MOMENTS, np.float32), np.zeros(COARSE + 4, np.float32)
    for k in range(units):
        address = picked[k].ctypes.data
        moments(address, count, True, state)
        bins(address, count, True, state, fine)
        if at >= 0:
            write_moments(state, one, 0)
            for i in range(MOMENTS):
                row[at + i * units + k] = one[i]
            write_quantiles(state, fine, levels, row, at + MOMENTS * units + k * levels.size)
        if histograms_at >= 0:
            write_histogram(state, fine, shown, 0)
            row[histograms_at + k * COARSE : histograms_at + (k + 1) * COARSE] = shown[:COARSE]
            edges = histograms_at + units * COARSE + 2 * k
            row[edges : edges + 2] = shown[COARSE : COARSE + 2]
            row[edges + 2 * units : edges + 2 * units + 2] = shown[COARSE + 2 :]
