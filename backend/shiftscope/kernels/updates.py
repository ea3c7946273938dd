"""How much parameters change in one update."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shiftscope.kernels.compile import compiled, float32_at, float64_at
from shiftscope.kernels.interpreter import ADDRESS, COUNT, WIDE


@compiled()
def keep_values(slots: NDArray[np.int64], starts: NDArray[np.int64], kept: NDArray[Any]) -> None:
    """Copy each slot's values into `kept`, where they begin at `starts`."""
    for k in range(slots.shape[1]):
        n = slots[COUNT, k]
        if slots[WIDE, k]:
            kept[starts[k] : starts[k] + n] = float64_at(slots[ADDRESS, k], n)
        else:
            kept[starts[k] : starts[k] + n] = float32_at(slots[ADDRESS, k], n)


@compiled(vectorized=True)
def _ratio(new: NDArray[Any], old: NDArray[Any]) -> float:
    change = size = 0.0
    for i in range(new.size):
        before = np.float64(old[i])
        moved = np.float64(new[i]) - before
        change += moved * moved
        size += before * before
    ratio: float = np.sqrt(change / size) if change > 0 else 0.0 * change
    return ratio


@compiled()
def change_ratios(
    slots: NDArray[np.int64], starts: NDArray[np.int64], kept: NDArray[Any], ratios: NDArray[np.float64]
) -> None:
    """Write, for each slot, the norm of its change since `keep_values` over the norm that it had."""
    for k in range(slots.shape[1]):
        n = slots[COUNT, k]
        old = kept[starts[k] : starts[k] + n]
        if slots[WIDE, k]:
            ratios[k] = _ratio(float64_at(slots[ADDRESS, k], n), old)
        else:
            ratios[k] = _ratio(float32_at(slots[ADDRESS, k], n), old)
