"""Passing over arrays as the engine does over tensors."""

import numpy as np

from shiftscope.kernels import histogram, moments, readout


def passed(values):
    """Return the state and the fine histogram of a pass over an array."""
    values = np.ascontiguousarray(values)
    wide = values.dtype == np.float64
    state, fine = np.full(moments.STATE, np.nan), np.zeros(histogram.STRIDE, np.int32)
    state[moments.PICKED] = 0
    moments.moments(values.ctypes.data, values.size, wide, state)
    histogram.bins(values.ctypes.data, values.size, wide, state, fine)
    return state, fine


def read(state, fine):
    """Return the quantiles, and the shown histogram: fractions, range, fractions outside."""
    row = np.zeros(len(readout.LEVELS) + histogram.COARSE + 4, np.float32)
    readout.write_quantiles(state, fine, np.array(readout.LEVELS), row, 0)
    readout.write_histogram(state, fine, row, len(readout.LEVELS))
    return row[: len(readout.LEVELS)], row[len(readout.LEVELS) :]
