"""Carrying out a table of operations in one compiled call."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from shiftscope.probes.compiled import compiled, float32_at, float64_at
from shiftscope.probes.kernels import FINITE, INFINITIES, NANS, squares
from shiftscope.probes.summary import write_histogram, write_moments, write_not_finite, write_quantiles


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

ADDRESS, COUNT, WIDE = range(3)
"""Columns of a slot: where its values lie, how many, whether they are float64."""
SLOT = 3


@compiled()
def _copy(slot: NDArray[np.int64], row: NDArray[np.float32], at: int) -> None:
    n = slot[COUNT]
    if slot[WIDE]:
        row[at : at + n] = float64_at(slot[ADDRESS], n)
    else:
        row[at : at + n] = float32_at(slot[ADDRESS], n)


@compiled()
def _gap(slot: NDArray[np.int64], row: NDArray[np.float32], at: int, batch: int, eps: float) -> None:
    n = slot[COUNT]
    for i in range(n):
        sigma = np.sqrt(np.float64(row[batch + n + i]) + eps)
        wide, address = slot[WIDE], slot[ADDRESS]
        running = float64_at(address, n)[i] if wide else np.float64(float32_at(address, n)[i])
        row[at + i] = (running - row[batch + i]) / sigma


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
def execute(  # noqa: C901, PLR0912, PLR0913, PLR0917  cases of a table; numba takes no keywords
    operations: NDArray[np.int64],
    slots: NDArray[np.int64],
    sums: NDArray[np.float64],
    state: NDArray[np.float64],
    fine: NDArray[np.int32],
    vectors: NDArray[np.float32],
    gradients: NDArray[np.float64],
    constants: NDArray[np.float64],
    levels: NDArray[np.float64],
    row: NDArray[np.float32],
) -> None:
    """Carry out `operations`, shape (operations, 5): operation, index, place in the row, argument, constant.

    Args:
        operations: the table.
        slots: gradients, parameters and buffers, shape (slots, SLOT).
        sums: for each slot that is a gradient, its sum of squares and count of what is not finite; filled on the way.
        state: what was seen at sites, shape (sites, STATE).
        fine: their fine histograms, shape (sites, STRIDE).
        vectors: what was found by channel.
        gradients: by sites' values: sum of squares, and count of what is not finite; shape (sites, 2).
        constants: numbers that operations refer to by index.
        levels: quantile levels, ascending.
        row: what is written to.
    """
    for i in range(operations.shape[0]):
        operation, k, at, argument = operations[i, 0], operations[i, 1], operations[i, 2], operations[i, 3]
        if operation == _SQUARES:
            sums[k, 0], sums[k, 1] = squares(slots[k, ADDRESS], slots[k, COUNT], slots[k, WIDE] != 0)
        elif operation == _WRITE_MOMENTS:
            write_moments(state[k], row, at)
        elif operation == _WRITE_NOT_FINITE:
            write_not_finite(state[k], row, at)
        elif operation == _WRITE_HISTOGRAM:
            write_histogram(state[k], fine[k], row, at)
        elif operation == _WRITE_QUANTILES:
            write_quantiles(state[k], fine[k], levels, row, at)
        elif operation == _WRITE_FRACTION:
            row[at] = _fraction(state[k], argument)
        elif operation == _WRITE_GRADIENT:
            row[at] = _norm(gradients, k, 1)
        elif operation == _WRITE_NORM:
            row[at] = _norm(sums, k, argument)
        elif operation == _WRITE_TOTAL:
            wild = state[:, NANS].sum() + state[:, INFINITIES].sum()
            row[at] = wild + sums[:, 1].sum() + gradients[:, 1].sum()
        elif operation == _WRITE_VECTOR:
            row[at : at + argument] = vectors[k : k + argument]
        elif operation == _COPY:
            _copy(slots[k], row, at)
        elif operation == _GAP:
            _gap(slots[k], row, at, argument, constants[operations[i, 4]])
