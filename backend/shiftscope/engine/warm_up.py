"""Compiling ahead of need what every run uses; probes declare what they need besides."""

from __future__ import annotations

import numpy as np

from shiftscope.engine.parameter_snapshot import ParameterSnapshot
from shiftscope.kernels.fused_pass import DIRECTORY, SLOT_COLUMNS, SLOTS, STATES, pass_over, pass_over_both
from shiftscope.kernels.interpreter import DIRECTORY as TABLES
from shiftscope.kernels.interpreter import execute
from shiftscope.kernels.moments import STATE, squares
from shiftscope.kernels.single_units import write_units


def warm_up_engine() -> None:
    """Compile, or load from the cache, the operations that programs are made of."""
    state, slots = np.zeros((1, STATE)), np.zeros((1, SLOT_COLUMNS), np.int64)
    row, one = np.zeros(1, np.float32), np.zeros(1)
    directory = np.zeros(DIRECTORY, np.int64)
    directory[[SLOTS, STATES]] = slots.ctypes.data, state.ctypes.data
    pass_over(directory, 0, 0, 0, False, 1)
    pass_over_both(directory, 0, 0, 0, 0, 0, 0)
    execute(np.zeros((0, 5), np.int64), np.zeros(TABLES, np.int64))
    write_units(np.zeros((1, 1)), 0, one, row, -1, -1)
    squares(0, 0, False)
    snapshot = ParameterSnapshot([])
    snapshot.before()
    snapshot.after()
