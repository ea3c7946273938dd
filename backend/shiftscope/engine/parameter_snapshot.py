"""By what fraction an update changes each parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from shiftscope.engine.kept_parameters import KeptParameters
from shiftscope.engine.tensor_table import TensorTable
from shiftscope.kernels.updates import change_ratios, keep_values


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
        change_ratios(self._tensors.table, self._starts, self._kept, self._ratios)
        del kept
        return self._ratios
