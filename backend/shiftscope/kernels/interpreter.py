"""Carrying out a table of operations in one compiled call."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shiftscope.kernels.compile import compiled, float32_at, float64_at, int32_at, int64_at, over_memory
from shiftscope.kernels.histogram import STRIDE
from shiftscope.kernels.moments import FINITE, INFINITIES, NANS, STATE, squares
from shiftscope.kernels.readout import write_histogram, write_moments, write_not_finite, write_quantiles


class Operation(IntEnum):
    """What is done; the comments say what an operation's index is of, and its argument.

    Operations are carried out in this order.
    """

    SQUARES = 0  # index: of a gradient
    WRITE_MOMENTS = 1  # of a site
    WRITE_NOT_FINITE = 2  # of a site
    WRITE_HISTOGRAM = 3  # of a site
    WRITE_QUANTILES = 4  # of a site
    WRITE_FRACTION = 5  # of a site; argument: column of its state, a count
    WRITE_GRADIENT = 6  # of a site
    WRITE_NORM = 7  # of the first gradient; argument: number of gradients taken together
    WRITE_TOTAL_NOT_FINITE = 8
    WRITE_VECTOR = 9  # of the first number among those found by channel; argument: how many
    COPY = 10  # of a parameter or buffer
    GAP = 11  # of a running mean; argument: place of the batch means, followed by the variances; constant: eps


# numba takes plain integers as constants.
_SQUARES, _WRITE_MOMENTS = int(Operation.SQUARES), int(Operation.WRITE_MOMENTS)
_WRITE_NOT_FINITE, _WRITE_HISTOGRAM = int(Operation.WRITE_NOT_FINITE), int(Operation.WRITE_HISTOGRAM)
_WRITE_QUANTILES, _WRITE_FRACTION = int(Operation.WRITE_QUANTILES), int(Operation.WRITE_FRACTION)
_WRITE_GRADIENT, _WRITE_NORM = int(Operation.WRITE_GRADIENT), int(Operation.WRITE_NORM)
_WRITE_TOTAL, _WRITE_VECTOR = int(Operation.WRITE_TOTAL_NOT_FINITE), int(Operation.WRITE_VECTOR)
_COPY, _GAP = int(Operation.COPY), int(Operation.GAP)

ADDRESS, COUNT, WIDE, EXPECTED = range(4)
"""Rows of the table of slots: where values lie, how many, UNREADABLE where they cannot be read, whether they are
float64, and how many there is a place for where they or what is made of them is written."""
SLOT = 4
UNREADABLE = -1

SLOTS, SUMS, STATES, FINES, VECTORS, GRADIENTS, CONSTANTS, LEVELS, ROW = range(9)
"""Tables of the directory, each an address and a number of slots, sites or values.

slots: int64, (SLOT, slots): gradients, parameters and buffers. sums: float64, (gradients, 2): of each of them the sum
of squares and the count of what is not finite; filled on the way. states: float64, (sites, STATE), what was seen at
sites. fines: int32, (sites, STRIDE), their fine histograms. vectors: float32, what was found by channel. gradients:
float64, (sites, 2), by sites' values: sum of squares, and count of what is not finite. constants: float64, numbers
that operations refer to by index. levels: float64, quantile levels, ascending. row: float32, what is written to.
"""
DIRECTORY = (ROW + 1, 2)
_ADDRESS, _LENGTH = 0, 1


@over_memory()
def _copy(x: NDArray[Any], row: NDArray[np.float32], at: int) -> None:
    row[at : at + x.size] = x


@over_memory()
def _gap(running: NDArray[Any], row: NDArray[np.float32], at: int, batch: int, eps: float) -> None:
    if batch + 2 * running.size > row.size:
        row[at : at + running.size] = np.nan
        return
    for i in range(running.size):
        sigma = np.sqrt(np.float64(row[batch + running.size + i]) + eps)
        row[at + i] = (np.float64(running[i]) - row[batch + i]) / sigma


@compiled()
def _norm(sums: NDArray[np.float64], first: int, count: int) -> float:
    total = 0.0
    for i in range(first, first + count):
        total += sums[i, 0]
    norm: float = np.sqrt(total)
    return norm


@compiled()
def _fraction(state: NDArray[np.float64], column: int) -> float:
    return state[column] / state[FINITE] if state[FINITE] else np.nan


@compiled()
def _fits(slots: NDArray[np.int64], k: int) -> bool:
    fits: bool = slots[COUNT, k] == slots[EXPECTED, k]
    return fits


@compiled(signatures=["(int64[:,::1], int64[:,::1])"])
def execute(operations: NDArray[np.int64], directory: NDArray[np.int64]) -> None:  # noqa: C901, PLR0912
    """Carry out `operations`, shape (operations, 5): operation, index, place in the row, argument, constant.

    `directory`, shape DIRECTORY, stands for nine tables, because each table given would be unpacked at each call.
    """
    sites = directory[STATES, _LENGTH]
    slots = int64_at(directory[SLOTS, _ADDRESS], SLOT * directory[SLOTS, _LENGTH]).reshape(SLOT, -1)
    sums = float64_at(directory[SUMS, _ADDRESS], 2 * directory[SUMS, _LENGTH]).reshape(-1, 2)
    states = float64_at(directory[STATES, _ADDRESS], STATE * sites).reshape(-1, STATE)
    fines = int32_at(directory[FINES, _ADDRESS], STRIDE * sites).reshape(-1, STRIDE)
    vectors = float32_at(directory[VECTORS, _ADDRESS], directory[VECTORS, _LENGTH])
    gradients = float64_at(directory[GRADIENTS, _ADDRESS], 2 * sites).reshape(-1, 2)
    constants = float64_at(directory[CONSTANTS, _ADDRESS], directory[CONSTANTS, _LENGTH])
    levels = float64_at(directory[LEVELS, _ADDRESS], directory[LEVELS, _LENGTH])
    row = float32_at(directory[ROW, _ADDRESS], directory[ROW, _LENGTH])
    for i in range(operations.shape[0]):
        operation, k, at, argument = operations[i, 0], operations[i, 1], operations[i, 2], operations[i, 3]
        if operation == _SQUARES:
            if slots[COUNT, k] == UNREADABLE:
                sums[k, 0], sums[k, 1] = np.nan, 0
            else:
                sums[k, 0], sums[k, 1] = squares(slots[ADDRESS, k], slots[COUNT, k], slots[WIDE, k] != 0)
        elif operation == _WRITE_MOMENTS:
            write_moments(states[k], row, at)
        elif operation == _WRITE_NOT_FINITE:
            write_not_finite(states[k], row, at)
        elif operation == _WRITE_HISTOGRAM:
            write_histogram(states[k], fines[k], row, at)
        elif operation == _WRITE_QUANTILES:
            write_quantiles(states[k], fines[k], levels, row, at)
        elif operation == _WRITE_FRACTION:
            row[at] = _fraction(states[k], argument)
        elif operation == _WRITE_GRADIENT:
            row[at] = _norm(gradients, k, 1)
        elif operation == _WRITE_NORM:
            row[at] = _norm(sums, k, argument)
        elif operation == _WRITE_TOTAL:
            wild = states[:, NANS].sum() + states[:, INFINITIES].sum()
            row[at] = wild + sums[:, 1].sum() + gradients[:, 1].sum()
        elif operation == _WRITE_VECTOR:
            row[at : at + argument] = vectors[k : k + argument]
        elif operation in (_COPY, _GAP) and not _fits(slots, k):
            row[at : at + slots[EXPECTED, k]] = np.nan
        elif operation == _COPY:
            _copy(slots[ADDRESS, k], slots[COUNT, k], slots[WIDE, k] != 0, row, at)
        elif operation == _GAP:
            eps = constants[operations[i, 4]]
            _gap(slots[ADDRESS, k], slots[COUNT, k], slots[WIDE, k] != 0, row, at, argument, eps)
