"""Compiling ahead of need."""

from __future__ import annotations

import numpy as np
import torch

from shiftscope.engine.parameter_snapshot import ParameterSnapshot
from shiftscope.kernels.distances import distances
from shiftscope.kernels.fused_pass import DIRECTORY, SLOT_COLUMNS, SLOTS, STATES, pass_over, pass_over_both
from shiftscope.kernels.gradient_difference import compare
from shiftscope.kernels.interpreter import DIRECTORY as TABLES
from shiftscope.kernels.interpreter import execute
from shiftscope.kernels.moments import STATE, squares
from shiftscope.kernels.samples import take
from shiftscope.kernels.single_units import write_units


def warm_up() -> None:
    """Compile, or load from the cache, all that measuring needs, so that the first recorded step does not wait for it.

    Takes seconds on a machine's first time, a fraction of one later.
    """
    state, slots = np.zeros((1, STATE)), np.zeros((1, SLOT_COLUMNS), np.int64)
    row, one = np.zeros(1, np.float32), np.zeros(1)
    directory = np.zeros(DIRECTORY, np.int64)
    directory[[SLOTS, STATES]] = slots.ctypes.data, state.ctypes.data
    pass_over(directory, 0, 0, 0, False, 1)
    pass_over_both(directory, 0, 0, 0, 0, 0, 0)
    execute(np.zeros((0, 5), np.int64), np.zeros(TABLES, np.int64))
    write_units(np.zeros((1, 1)), 0, one, row, -1, -1)
    squares(0, 0, False)
    nothing = torch.zeros(1, 1)
    sample = take(nothing, 1)
    distances(sample, sample, sample)
    compare(nothing, nothing)
    snapshot = ParameterSnapshot([])
    snapshot.before()
    snapshot.after()
