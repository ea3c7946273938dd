"""Values that passed sites on a device, waiting there to be reduced: those of one size all at once.

A copy is all that is done as a tensor passes, where it has few values: what is made of them takes the device as long
for one site as for all, and the host a hundred calls.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from shiftscope.engine.program import SiteRequest
from shiftscope.kernels import reductions
from shiftscope.kernels.fused_pass import Statistic
from shiftscope.kernels.histogram import SAMPLE, WHOLE
from shiftscope.kernels.reductions import Moments, wide_type
from shiftscope.kernels.tensor_memory import WIDE_TYPES, dense, unseen

MOST_WAITING = 2**26
"""Bytes that may wait on a device; with more they are reduced."""
_OF_VALUES = Statistic.MOMENTS | Statistic.BINS | Statistic.ZEROS | Statistic.BEYOND
_COUNTED = Statistic.ZEROS | Statistic.BEYOND

_Key = tuple[int, torch.dtype, torch.device, Statistic, tuple[float, float], bool]


@dataclass(eq=False)
class Batch:
    """Values of several sites, as many of each.

    Attributes:
        wanted: of each.
        limits: beyond which values are counted.
        rows: where they wait, shape (most, values).
        size: how many do.
        known: moments of all values, by row, where the rows are samples.
        counts: of zeros and what is beyond the limits, likewise.
        found: once they are reduced, shape (size, COMPACT).
    """

    wanted: Statistic
    limits: tuple[float, float]
    rows: Tensor
    size: int = 0
    known: list[Moments] = field(default_factory=list)
    counts: list[Tensor] = field(default_factory=list)
    found: Tensor | None = None

    def reduce(self) -> None:
        """Find what is wanted of all rows."""
        rows = self.rows[: self.size]
        known = tuple(torch.cat(column) for column in zip(*self.known, strict=True)) if self.known else None
        counts = torch.cat(self.counts) if self.counts else None
        if counts is None and self.wanted & _COUNTED:
            counts = reductions.zeros_and_beyond(rows, self.limits)
        self.found = reductions.compact(rows, self.wanted, known, counts)  # type: ignore[arg-type]  # seven of them


class Found(NamedTuple):
    """What was found of a tensor on its device, or will be.

    Attributes:
        wanted: statistics that were.
        size: how many values there were.
        batch: of which its values are a row; None where there are none, or nothing was wanted of them.
        row: which.
        channels: means, then variances by channel.
        picked: values of single units, shape (units, values).
    """

    wanted: Statistic
    size: int
    batch: Batch | None = None
    row: int = 0
    channels: Tensor | None = None
    picked: Tensor | None = None


class Staging:
    """Takes what passes sites on devices. `units` are the single units that are recorded."""

    def __init__(self, units: Sequence[int]) -> None:
        self._units = tuple(units)
        self._waiting: dict[_Key, Batch] = {}
        self._memory: dict[_Key, Tensor] = {}
        self._slots: set[int] = set()
        self._bytes = 0

    def take(self, slot: int, request: SiteRequest, wanted: Statistic, tensor: Tensor) -> Found:
        """Take a tensor as it passes.

        Raises:
            Unreadable: it has no values that can be read.
        """
        if slot in self._slots or self._bytes > MOST_WAITING:
            self.reduce()
        with apart():
            values = dense(tensor)
            flat, beside = reductions.in_memory_order(values)
            beside = beside if request.axis == 1 else 1
            channels = picked = batch = None
            row = 0
            if wanted & Statistic.CHANNEL_MOMENTS:
                channels = reductions.channel_moments(flat, request.channels, beside)
            if wanted & Statistic.UNITS:
                picked = reductions.pick(flat, request.channels, beside, self._units)
            if wanted & _OF_VALUES and flat.numel():
                self._slots.add(slot)
                batch, row = self._wait(flat, wanted & _OF_VALUES, request.limits)
        return Found(wanted, flat.numel(), batch, row, channels, picked)

    def reduce(self) -> None:
        """Reduce all that waits."""
        with apart():
            for batch in self._waiting.values():
                batch.reduce()
        self.clear()

    def clear(self) -> None:
        """Let go of what waits."""
        self._waiting.clear()
        self._slots.clear()
        self._bytes = 0

    def release(self) -> None:
        """Let go of what waits, and of the memory for it."""
        self.clear()
        self._memory.clear()

    def _wait(self, flat: Tensor, wanted: Statistic, limits: tuple[float, float]) -> tuple[Batch, int]:
        """Copy values, or a sample of many, to where they wait; what is of all of many is found now."""
        large = flat.numel() > WHOLE
        size, kind = SAMPLE if large else flat.numel(), _kind_of(flat)
        key = (size, kind, flat.device, wanted, limits, large)
        batch = self._waiting.get(key)
        if batch is None:
            batch = self._waiting[key] = Batch(wanted, limits, self._memory_for(key, 0))
        if batch.size == len(batch.rows):
            batch.rows = self._memory_for(key, batch.size)
        row = batch.size
        batch.rows[row].copy_(reductions.sample(flat))
        batch.size += 1
        self._bytes += size * kind.itemsize
        if large:
            batch.known.append(reductions.moments_of_all(flat))
            if wanted & _COUNTED:
                exact = flat if flat.dtype.itemsize >= 4 else flat.to(kind)
                batch.counts.append(reductions.zeros_and_beyond(exact.view(1, -1), limits))
        return batch, row

    def _memory_for(self, key: _Key, taken: int) -> Tensor:
        """Return memory for rows, twice as many as are taken, which it begins with."""
        memory = self._memory.get(key)
        if memory is None or len(memory) <= taken:
            size, kind, device, *_ = key
            with torch.inference_mode(mode=False):
                larger = torch.empty((max(4, 2 * taken), size), dtype=kind, device=device)
            if memory is not None:
                larger[:taken].copy_(memory[:taken])
            self._memory[key] = memory = larger
        return memory


@contextmanager
def apart() -> Iterator[None]:
    """Let nothing that is on, a mode or a gradient, touch what is done to tensors of the scope's own."""
    with torch.no_grad(), torch._C._DisableAutocast(), unseen():
        yield


def _kind_of(flat: Tensor) -> torch.dtype:
    return wide_type(flat.device.type) if flat.dtype in WIDE_TYPES else torch.float32
