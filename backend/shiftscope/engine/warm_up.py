"""Compiling ahead of need."""

from __future__ import annotations

import numpy as np
import torch

from shiftscope.engine.parameter_snapshot import Updates
from shiftscope.kernels.distances import distances
from shiftscope.kernels.fused_pass import DIRECTORY, SIGHT, SIGHTS, STATES, look, look_at_both
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
    state, sights = np.zeros((1, STATE)), np.zeros((1, SIGHT), np.int64)
    row, one = np.zeros(1, np.float32), np.zeros(1)
    directory = np.zeros(DIRECTORY, np.int64)
    directory[[SIGHTS, STATES]] = sights.ctypes.data, state.ctypes.data
    look(directory, 0, 0, 0, False, 1)
    look_at_both(directory, 0, 0, 0, 0, 0, 0)
    execute(np.zeros((0, 5), np.int64), np.zeros(TABLES, np.int64))
    write_units(np.zeros((1, 1)), 0, one, row, -1, -1)
    squares(0, 0, False)
    nothing = torch.zeros(1, 1)
    sample = take(nothing, 1)
    distances(sample, sample, sample)
    compare(nothing, nothing)
    updates = Updates([])
    updates.before()
    updates.after()
