"""Compiling ahead of need."""

from __future__ import annotations

import numpy as np

from shiftscope.probes.bins import STRIDE
from shiftscope.probes.execute import SLOT, execute
from shiftscope.probes.kernels import STATE, squares
from shiftscope.probes.look import DIRECTORY, SIGHT, SIGHTS, STATES, look, look_at_both
from shiftscope.probes.single_units import write_units
from shiftscope.probes.updates import Updates


def warm_up() -> None:
    """See shiftscope.probes.warm_up."""
    state, fine, vectors = np.zeros((1, STATE)), np.zeros((1, STRIDE), np.int32), np.zeros(1, np.float32)
    slots = np.frombuffer(bytearray(8 * SLOT), np.int64).reshape(1, SLOT)
    sights, row, pairs, one = np.zeros((1, SIGHT), np.int64), np.zeros(1, np.float32), np.zeros((1, 2)), np.zeros(1)
    directory = np.zeros(DIRECTORY, np.int64)
    directory[[SIGHTS, STATES]] = sights.ctypes.data, state.ctypes.data
    look(directory, 0, 0, 0, False, 1)
    look_at_both(directory, 0, 0, 0, 0, 0, 0)
    execute(np.zeros((0, 5), np.int64), slots, pairs, state, fine, vectors, pairs, one, one, row)
    write_units(np.zeros((1, 1)), 0, one, row, -1, -1)
    squares(0, 0, False)
    updates = Updates([])
    updates.before()
    updates.after()
