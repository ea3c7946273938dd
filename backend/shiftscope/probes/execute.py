"""Carrying out a table of operations in one compiled call."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from shiftscope.probes.compiled import compiled, float32_at, float64_at
from shiftscope.probes.kernels import (
    INFINITIES,
    NANS,
    NOT_FINITE,
    SQUARES,
    bins,
    channel_moments,
    moments32,
    moments64,
    squares,
)
from shiftscope.probes.summary import write_histogram, write_moments, write_not_finite, write_quantiles


class Operation(IntEnum):
    """What is done with a slot; the comments name what an operation has beside slot and place in the row."""

    MOMENTS = 0
    BINS = 1
    SQUARES = 2
    WRITE_MOMENTS = 3
    WRITE_NOT_FINITE = 4
    WRITE_HISTOGRAM = 5
    WRITE_QUANTILES = 6
    WRITE_NORM = 7  # number of slots from this one on, taken together
    WRITE_TOTAL_NOT_FINITE = 8  # over all slots
    COPY = 9
    CHANNEL_MOMENTS = 10  # number of channels; means, then variances
    GAP = 11  # place of the batch means, followed by the variances; index of the constant eps


# numba takes plain integers as constants.
_MOMENTS, _BINS, _SQUARES = int(Operation.MOMENTS), int(Operation.BINS), int(Operation.SQUARES)
_WRITE_MOMENTS, _WRITE_NOT_FINITE = int(Operation.WRITE_MOMENTS), int(Operation.WRITE_NOT_FINITE)
_WRITE_HISTOGRAM, _WRITE_QUANTILES = int(Operation.WRITE_HISTOGRAM), int(Operation.WRITE_QUANTILES)
_WRITE_NORM, _WRITE_TOTAL = int(Operation.WRITE_NORM), int(Operation.WRITE_TOTAL_NOT_FINITE)
_COPY, _CHANNEL_MOMENTS, _GAP = int(Operation.COPY), int(Operation.CHANNEL_MOMENTS), int(Operation.GAP)

ADDRESS, COUNT, WIDE, INNER = range(4)
"""Columns of a slot: where its values lie, how many, whether they are float64, how many lie together per channel."""
SLOT = 4


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
def _norm(state: NDArray[np.float64], first: int, count: int) -> float:
    total = 0.0
    for i in range(first, first + count):
        total += state[i, SQUARES]
    norm: float = np.sqrt(total)
    return norm


@compiled()
def execute(  # noqa: C901, PLR0912  a table of operations is a table of cases
    operations: NDArray[np.int64],
    slots: NDArray[np.int64],
    constants: NDArray[np.float64],
    levels: NDArray[np.float64],
    state: NDArray[np.float64],
    fine: NDArray[np.int32],
    row: NDArray[np.float32],
) -> None:
    """Carry out `operations`, shape (operations, 5): operation, slot, place in the row, and two more that vary.

    Args:
        operations: the table.
        slots: shape (slots, SLOT).
        constants: numbers that operations refer to by index.
        levels: quantile levels, ascending.
        state: shape (slots, STATE), what is known of each slot's values; filled on the way.
        fine: shape (slots, STRIDE), their fine histograms; filled on the way.
        row: what is written to.
    """
    for i in range(operations.shape[0]):
        operation, k, at = operations[i, 0], operations[i, 1], operations[i, 2]
        address, n, wide = slots[k, ADDRESS], slots[k, COUNT], slots[k, WIDE] != 0
        if operation == _MOMENTS:
            if wide:
                moments64(address, n, state[k])
            else:
                moments32(address, n, state[k])
        elif operation == _BINS:
            bins(address, n, wide, state[k], fine[k])
        elif operation == _SQUARES:
            state[k, SQUARES], state[k, NOT_FINITE] = squares(address, n, wide)
        elif operation == _WRITE_MOMENTS:
            write_moments(state[k], row, at)
        elif operation == _WRITE_NOT_FINITE:
            write_not_finite(state[k], row, at)
        elif operation == _WRITE_HISTOGRAM:
            write_histogram(state[k], fine[k], row, at)
        elif operation == _WRITE_QUANTILES:
            write_quantiles(state[k], fine[k], levels, row, at)
        elif operation == _WRITE_NORM:
            row[at] = _norm(state, k, operations[i, 3])
        elif operation == _WRITE_TOTAL:
            row[at] = state[:, NANS].sum() + state[:, INFINITIES].sum() + state[:, NOT_FINITE].sum()
        elif operation == _COPY:
            _copy(slots[k], row, at)
        elif operation == _CHANNEL_MOMENTS:
            channel_moments(address, n, wide, slots[k, INNER], row[at : at + 2 * operations[i, 3]])
        elif operation == _GAP:
            _gap(slots[k], row, at, operations[i, 3], constants[operations[i, 4]])
