"""Compiling ahead of need."""

from __future__ import annotations

import numpy as np

from shiftscope.probes.bins import STRIDE
from shiftscope.probes.execute import SLOT, execute
from shiftscope.probes.kernels import STATE
from shiftscope.probes.look import SIGHT, look


def warm_up() -> None:
    """See shiftscope.probes.warm_up."""
    state, fine, vectors = np.zeros((1, STATE)), np.zeros((1, STRIDE), np.int32), np.zeros(1, np.float32)
    slots = np.frombuffer(bytearray(8 * SLOT), np.int64).reshape(1, SLOT)
    look(np.zeros((1, SIGHT), np.int64), state, fine, vectors, 0, 0, 0, False, 1)
    execute(
        np.zeros((0, 5), np.int64), slots, np.zeros((1, 2)), state, fine, vectors, np.zeros(1), np.zeros(1),
        np.zeros(1, np.float32),
    )  # fmt: skip
