"""How much parameters change in one update."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shiftscope.kernels import plain
from shiftscope.kernels.compile import compiled, over_memory
from shiftscope.kernels.interpreter import ADDRESS, COUNT, WIDE


@over_memory()
def _copy(x: NDArray[Any], kept: NDArray[Any]) -> None:
    kept[:] = x


@compiled(signatures=[f"(int64[:,::1], int64[::1], {kind}[::1])" for kind in ("float32", "float64")])
def keep_values(slots: NDArray[np.int64], starts: NDArray[np.int64], kept: NDArray[Any]) -> None:
    """Copy each slot's values into `kept`, from its start to the next one's; NaN where they are not as many."""
    for k in range(slots.shape[1]):
        place = kept[starts[k] : starts[k + 1]]
        if slots[COUNT, k] == place.size:
            _copy(slots[ADDRESS, k], place.size, slots[WIDE, k] != 0, place)
        else:
            place[:] = np.nan


@compiled(vectorized=True, in_numpy=plain.change_ratio)
def _ratio(new: NDArray[Any], old: NDArray[Any]) -> float:
    change = size = 0.0
    for i in range(new.size):
        before = np.float64(old[i])
        moved = np.float64(new[i]) - before
        change += moved * moved
        size += before * before
    ratio: float = np.sqrt(change / size) if change > 0 else 0.0 * change
    return ratio


@over_memory()
def _ratio_of(new: NDArray[Any], old: NDArray[Any]) -> float:
    return _ratio(new, old)


@compiled(signatures=[f"(int64[:,::1], int64[::1], {kind}[::1], float64[::1])" for kind in ("float32", "float64")])
def change_ratios(
    slots: NDArray[np.int64], starts: NDArray[np.int64], kept: NDArray[Any], ratios: NDArray[np.float64]
) -> None:
    """Write, for each slot, the norm of its change since `keep_values` over the norm that it had.

    NaN where there are not as many values as there were.
    """
    for k in range(slots.shape[1]):
        place = kept[starts[k] : starts[k + 1]]
        if slots[COUNT, k] == place.size:
            ratios[k] = _ratio_of(slots[ADDRESS, k], place.size, slots[WIDE, k] != 0, place)
        else:
            ratios[k] = np.nan
