"""The values at a site as a sample that two moments of a run can be compared by."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from shiftscope.kernels.sorted_values import Floats, moments_of_rows
from shiftscope.kernels.tensor_memory import dense, unseen

PER_UNIT = 4096
"""Most values of one unit (or channel) that are looked at; of more, a random choice, the same at each time."""
IN_ALL = 262_144
"""Most values of a site that are looked at."""


@dataclass(frozen=True)
class Sample:
    """Values by unit, in ascending order.

    Attributes:
        units: shape (units, values).
    """

    units: NDArray[np.floating]

    @cached_property
    def pooled(self) -> NDArray[np.floating]:
        """Those of all units together, in ascending order."""
        return np.sort(self.units, axis=None)

    @cached_property
    def moments(self) -> tuple[Floats, Floats]:
        """Mean and standard deviation of each unit, in float64: shape (units,)."""
        return moments_of_rows(self.units)

    @cached_property
    def pooled_moments(self) -> tuple[Floats, Floats]:
        """Mean and standard deviation of all values together, in float64: shape (1,)."""
        return moments_of_rows(self.units.reshape(1, -1))


def take(tensor: Tensor, axis: int) -> Sample:
    """Take a sample of a tensor whose units (or channels) lie along `axis`; of an empty one, a single NaN.

    Raises:
        Unreadable: its values cannot be read.
        IndexError: it has no such axis.
    """
    with unseen():
        return _take(dense(tensor), axis)


def _take(values: Tensor, axis: int) -> Sample:
    if values.numel() == 0:
        return Sample(np.full((1, 1), np.nan))
    by_unit = values.movedim(axis, 1)
    by_unit = by_unit.reshape(*by_unit.shape[:2], -1)
    count, units, inner = by_unit.shape
    most = max(1, min(PER_UNIT, IN_ALL // units))
    if count * inner > most:
        rows, columns = _choice(count, inner, most)
        chosen = by_unit[torch.from_numpy(rows), :, torch.from_numpy(columns)].T
    else:
        chosen = by_unit.transpose(0, 1).reshape(units, -1)
    chosen = chosen.float() if chosen.dtype.itemsize < 4 else chosen
    return Sample(np.sort(np.ascontiguousarray(chosen.cpu().numpy()), axis=1))


def _choice(count: int, inner: int, most: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Choose positions at random, one in each of `most` equal stretches; the same for the same shape."""
    edges = np.linspace(0, count * inner, most + 1)
    positions = (edges[:-1] + np.random.default_rng(0).random(most) * np.diff(edges)).astype(np.int64)
    return np.divmod(positions, inner)
