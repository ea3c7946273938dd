"""By what fraction an update changes each parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from shiftscope.probes.addresses import Addresses
from shiftscope.probes.compiled import compiled, float32_at, float64_at
from shiftscope.probes.execute import ADDRESS, COUNT, WIDE


class Updates:
    """Keeps what parameters were, and says how far they have come since.

    Args:
        parameters: for each, the module's mapping that holds it and its name there.
    """

    def __init__(self, parameters: Sequence[tuple[Mapping[str, Any], str]]) -> None:
        held = [where[name] for where, name in parameters]
        wide = any(parameter.dtype is torch.float64 for parameter in held)
        sizes = [parameter.numel() for parameter in held]
        self._addresses = Addresses([], parameters)
        self._starts = np.cumsum([0, *sizes], dtype=np.int64)
        self._kept = np.zeros(sum(sizes), dtype=np.float64 if wide else np.float32)
        self._ratios = np.zeros(len(held))

    def before(self) -> None:
        """Keep the parameters as they are."""
        kept = self._addresses.note()
        _keep(self._addresses.table, self._starts, self._kept)
        del kept

    def after(self) -> NDArray[np.float64]:
        """Return, for each parameter, the norm of its change over the norm that it had: shape (parameters,)."""
        kept = self._addresses.note()
        _compare(self._addresses.table, self._starts, self._kept, self._ratios)
        del kept
        return self._ratios


@compiled()
def _keep(slots: NDArray[np.int64], starts: NDArray[np.int64], kept: NDArray[Any]) -> None:
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
def _compare(
    slots: NDArray[np.int64], starts: NDArray[np.int64], kept: NDArray[Any], ratios: NDArray[np.float64]
) -> None:
    for k in range(slots.shape[1]):
        n = slots[COUNT, k]
        old = kept[starts[k] : starts[k] + n]
        if slots[WIDE, k]:
            ratios[k] = _ratio(float64_at(slots[ADDRESS, k], n), old)
        else:
            ratios[k] = _ratio(float32_at(slots[ADDRESS, k], n), old)
