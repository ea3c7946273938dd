"""By what fraction an update changes each parameter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from shiftscope.engine.kept_parameters import KeptParameters
from shiftscope.engine.late_step import by_device
from shiftscope.engine.staging import apart
from shiftscope.engine.tensor_table import TensorTable
from shiftscope.kernels import reductions
from shiftscope.kernels.updates import change_ratios, keep_values
from shiftscope.tracing.room import has_room

_ROOM = 6
"""Times the parameters' size that must be free for a copy: it, and what an optimizer makes at its first update."""


class DeviceSnapshot:
    """The same of parameters on devices: copies of them, until the update has come.

    Of a device without room for them there are none: the training needs it.

    Args:
        parameters: for each, the module's mapping that holds it and its name there.
        earlier: what parameters were, where that is over.

    Attributes:
        short: whether a device had no room.
    """

    def __init__(self, parameters: Sequence[tuple[Mapping[str, Any], str]], earlier: KeptParameters | None) -> None:
        self._held = parameters
        now = (held.get(name) for held, name in parameters)
        tensors = [one if earlier is None else earlier.value(one) for one in now]
        self._groups: list[tuple[list[int], list[Tensor]]] = []
        groups = by_device(tensors)
        for device, group in groups.items():
            size = sum(one.numel() * one.element_size() for one in group.values())
            if has_room(device, _ROOM * size):
                with suppress(torch.OutOfMemoryError), apart(), torch.inference_mode(mode=False):
                    self._groups.append((list(group), [one.clone() for one in group.values()]))
        self.short = len(self._groups) < len(groups)

    def after(self) -> Iterator[tuple[Mapping[int, Tensor], Tensor, Tensor]]:
        """Yield, for each device, parameters by index, the norms of their changes, and those that they had before.

        Those that have another size, or cannot be read, are left out.
        """
        now = by_device([held.get(name) for held, name in self._held])
        while self._groups:
            group, kept = self._groups.pop()
            with apart():
                pairs = {
                    index: (new, old)
                    for index, old in zip(group, kept, strict=True)
                    if (new := now[old.device].get(index)) is not None and new.shape == old.shape
                }
                if not pairs:
                    continue
                news, olds = zip(*pairs.values(), strict=True)
                size = reductions.norms(olds)
                torch._foreach_sub_(olds, news)  # in place: a second copy might not fit
                yield {index: new for index, (new, _) in pairs.items()}, reductions.norms(olds), size


class ParameterSnapshot:
    """Keeps what parameters were, and says how far they have come since.

    Args:
        parameters: for each, the module's mapping that holds it and its name there.
    """

    def __init__(self, parameters: Sequence[tuple[Mapping[str, Any], str]]) -> None:
        held = [where.get(name) for where, name in parameters]
        wide = any(parameter is not None and parameter.dtype is torch.float64 for parameter in held)
        sizes = [0 if parameter is None else parameter.numel() for parameter in held]
        self._tensors = TensorTable([], parameters)
        self._starts = np.cumsum([0, *sizes], dtype=np.int64)
        self._kept = np.zeros(sum(sizes), dtype=np.float64 if wide else np.float32)
        self._ratios = np.zeros(len(held))

    def before(self, earlier: KeptParameters | None = None) -> None:
        """Keep the parameters as they are, or were."""
        kept = self._tensors.note(earlier)
        keep_values(self._tensors.table, self._starts, self._kept)
        del kept

    def after(self) -> NDArray[np.float64]:
        """Return, for each parameter, the norm of its change over the norm that it had: shape (parameters,).

        NaN for those that have another size than at the start, or cannot be read.
        """
        kept = self._tensors.note()
        if kept is None:  # they were moved to a device meanwhile
            self._ratios[:] = np.nan
            return self._ratios
        change_ratios(self._tensors.table, self._starts, self._kept, self._ratios)
        del kept
        return self._ratios
