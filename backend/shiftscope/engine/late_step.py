"""A step of which something lies on a device: what is asked of it there, and what comes of it once it has arrived."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import nan
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from shiftscope.engine.due import Due
from shiftscope.engine.outbox import Arrival, Outbox, Parcel
from shiftscope.engine.site_passages import Kept, Passage, Passages
from shiftscope.engine.slot_memory import NOTHING_SEEN, SlotMemory
from shiftscope.engine.staging import Found, Staging, apart
from shiftscope.kernels import reductions
from shiftscope.kernels.fused_pass import MOST_PICKED, Statistic
from shiftscope.kernels.histogram import LANE, STRIDE, accumulate
from shiftscope.kernels.moments import BEYOND, COUNT, LOWER, PICKED, STATE, UPPER, ZEROS
from shiftscope.kernels.tensor_memory import Unreadable, dense
from shiftscope.tracing.grad_scaler import Scales
from shiftscope.tracing.journal import Call

_OF_MOMENTS = slice(COUNT, LOWER)
Parcels = dict[int, Parcel]
"""By index."""


class Shares(NamedTuple):
    """By what each gradient is more than it should be, and which are no longer there.

    Attributes:
        scales: of all.
        own: by index of the gradient; none where each is what it should be.
        missing: indices.
    """

    scales: Scales
    own: Sequence[float] = ()
    missing: Collection[int] = ()


@dataclass
class LateStep:
    """What was asked of devices at one step.

    Attributes:
        due: what is.
        shares: of the gradients.
        samples: of all passes together.
        passed: what has passed, by slot.
        outbox: where what is found waits.
        norms: of gradients, by index; one that cannot be read has none.
        none: indices of the gradients that are not there: the loss does not depend on their parameters.
        wild: how many of their values are not finite, by device.
        vectors: parameters and buffers, by index; likewise.
        gradients: by what passed each slot: sum of squares, and count of what is not finite.
        gradients_here: the same of what passed on the host.
        clipping: the norm of all gradients before and after.
        changes: of parameters in the update, by index: the norm of the change, and that before.
        updated: whether the update came.
        short: whether a device had no room for some of it.
        lost: whether all of it was let go of for that, so that nothing is known of what lies on devices.
        arrival: once all was sent.
    """

    due: Due
    shares: Shares
    samples: int
    passed: list[list[Passage]]
    outbox: Outbox
    norms: Parcels = field(default_factory=dict)
    none: Collection[int] = ()
    wild: list[Parcel] = field(default_factory=list)
    vectors: Parcels = field(default_factory=dict)
    gradients: list[tuple[int, Parcel]] = field(default_factory=list)
    gradients_here: list[tuple[int, tuple[float, float]]] = field(default_factory=list)
    clipping: tuple[Parcel | None, Parcel | None] = (None, None)
    changes: dict[int, tuple[Parcel, Parcel]] = field(default_factory=dict)
    updated: bool = False
    short: bool = False
    lost: bool = False
    arrival: Arrival | None = None

    def send(self) -> Arrival:
        """Send all that was found to the host, once."""
        if self.arrival is None:
            try:
                self.arrival = self.outbox.send()
            except torch.OutOfMemoryError:
                self.lose()
                self.arrival = self.outbox.send()  # nothing
        return self.arrival

    def lose(self) -> None:
        """Let go of all that was asked for: the training needs the room."""
        self.short = self.lost = True
        self.passed = [[] for _ in self.passed]
        self.norms, self.none, self.wild, self.vectors = {}, (), [], {}
        self.gradients, self.gradients_here = [], []
        self.clipping, self.changes = (None, None), {}
        self.outbox.clear()

    def given(self, number: float | Parcel | None) -> float | None:
        """Return a number that was given; None of one that was lost."""
        if not isinstance(number, Parcel):
            return number
        return self.number(number) if self.send().has(number) else None

    def numbers(self, parcel: Parcel) -> NDArray[np.float64]:
        """Return numbers that were sent."""
        return self.send().numbers(parcel)

    def add_passages(self, confirmed: Collection[Call], passages: Passages, staging: Staging) -> None:
        """Ask for what has passed sites in the calls that count."""
        if passages.elsewhere:
            staging.reduce()
        for one in (passage.kept for passed in self.passed for passage in passed):
            if isinstance(one, Found):
                there = (one.batch.found if one.batch else None, one.channels, one.picked)
                for tensor in there:
                    if tensor is not None:
                        self.outbox.add(tensor)
        for slot, call, squares in passages.gradients_elsewhere:
            if call in confirmed:
                self.gradients.append((slot, self.outbox.add(squares)))

    def add_gradients(self, gradients: Sequence[Any]) -> None:
        """Ask for the norms of gradients; of one that is not there it is 0."""
        self.none = [index for index, one in enumerate(gradients) if one is None]
        for group in by_device(gradients, zeros=False).values():
            tensors = list(group.values())
            with apart():
                found, wild = reductions.norms(tensors), reductions.all_not_finite(tensors)
            self.norms |= self._spread(group, self.outbox.add(found))
            self.wild.append(self.outbox.add(wild))

    def add_vectors(self, vectors: Sequence[Any]) -> None:
        """Ask for the values of parameters and buffers."""
        for group in by_device(vectors).values():
            with apart():
                whole = torch.cat([one.reshape(-1) for one in group.values()])
            parcel, start = self.outbox.add(whole), 0
            for index, one in group.items():
                self.vectors[index] = Parcel(parcel.device, parcel.start + start, one.numel())
                start += one.numel()

    def add_changes(self, found: Iterable[tuple[Mapping[int, Tensor], Tensor, Tensor]]) -> None:
        """Ask for how far parameters have come: of each device, which, the norms of changes, and those before."""
        for group, change, size in found:
            changes, sizes = (self._spread(group, self.outbox.add(one)) for one in (change, size))
            self.changes |= {index: (changes[index], sizes[index]) for index in group}

    @staticmethod
    def _spread(group: Mapping[int, Tensor], parcel: Parcel) -> Parcels:
        return {index: Parcel(parcel.device, parcel.start + at, 1) for at, index in enumerate(group)}

    def number(self, parcel: Parcel | None) -> float:
        """Return a single number; NaN where nothing was sent."""
        return nan if parcel is None else float(self.numbers(parcel)[0])

    def kept(self, passage: Passage, slot: int, memory: SlotMemory) -> Kept:
        """Return the numbers of what passed a slot, wherever they were found."""
        found = passage.kept
        if not isinstance(found, Found):
            return found
        state, fine = NOTHING_SEEN.copy(), np.zeros(STRIDE, dtype=np.int32)
        if found.batch is not None and found.batch.found is not None:
            width = reductions.COMPACT
            row = self.numbers(self.outbox.add(found.batch.found)).reshape(-1, width)[found.row]
            _copy_wanted(row, found.wanted, state, fine)
        elif not found.size:
            state[ZEROS] = state[BEYOND] = 0
        vector = np.full(len(memory.vector_of(slot)), np.nan, dtype=np.float32)
        if found.channels is not None:
            vector[:] = self.numbers(self.outbox.add(found.channels))
        picked = np.zeros((memory.picked.shape[1], MOST_PICKED))
        if found.picked is not None:
            units = self.numbers(self.outbox.add(found.picked)).reshape(len(picked), -1)
            picked[:, : units.shape[1]] = units
            state[PICKED] = units.shape[1]
        return state, fine, vector, picked


def _copy_wanted(
    row: NDArray[np.float64], wanted: Statistic, state: NDArray[np.float64], fine: NDArray[np.int32]
) -> None:
    if wanted & Statistic.MOMENTS:
        state[_OF_MOMENTS] = row[_OF_MOMENTS]
    if wanted & Statistic.BINS:
        state[LOWER : UPPER + 1] = row[LOWER : UPPER + 1]
        fine[:LANE] = row[STATE:]
        accumulate(fine)
    if wanted & Statistic.ZEROS:
        state[ZEROS] = row[ZEROS]
    if wanted & Statistic.BEYOND:
        state[BEYOND] = row[BEYOND]


def by_device(tensors: Sequence[Any], *, zeros: bool = True) -> dict[torch.device, dict[int, Tensor]]:
    """Return the values of tensors, by their device and index, without those that cannot be read.

    Args:
        tensors: whatever stands where tensors did.
        zeros: whether those that a sparse tensor leaves out are needed.
    """
    groups: dict[torch.device, dict[int, Tensor]] = defaultdict(dict)
    with apart():
        for index, one in enumerate(tensors):
            if not isinstance(one, Tensor):
                continue
            try:
                values = dense(one, zeros=zeros)
            except Unreadable:
                continue
            groups[values.device][index] = values
    return groups
