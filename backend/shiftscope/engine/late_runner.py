"""Carrying out a network's program at steps of which something lies on a device.

What devices have is asked of them as the step goes by, and read when it has arrived, steps later: then the same
compiled operations write the row as do where all lies on the host.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import inf, nan
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from shiftscope.engine.clipping import total_norm
from shiftscope.engine.due import Due
from shiftscope.engine.kept_parameters import KeptParameters
from shiftscope.engine.late_step import LateStep, Shares
from shiftscope.engine.outbox import Depot, Outbox
from shiftscope.engine.parameter_snapshot import DeviceSnapshot
from shiftscope.engine.program import Program
from shiftscope.engine.program_rows import Numbers
from shiftscope.engine.site_passages import write_joined
from shiftscope.engine.site_slots import SiteSlots
from shiftscope.engine.slot_memory import SlotMemory
from shiftscope.kernels.fused_pass import Statistic
from shiftscope.kernels.interpreter import ADDRESS, COUNT, EXPECTED, SLOT, UNREADABLE, WIDE
from shiftscope.tracing.journal import Call

_Held = Sequence[tuple[Mapping[str, Any], str]]


class LateRunner:
    """What a runner needs for such steps, with memory of its own: the next step's passes fill the other meanwhile.

    Args:
        program: what is to be done.
        slots: what was measured as passes went by.
        units: single units that are recorded.

    Attributes:
        memory: the sites' numbers of the step that was read last.
        sums: of gradients: sums of squares and counts of what is not finite.
        table: of gradients, then vectors: where these lie.
        numbers: these three, to write rows from.
    """

    def __init__(self, program: Program, slots: SiteSlots, units: Sequence[int]) -> None:
        self._program, self._slots = program, slots
        self._units = [bool(request.all_statistics() & Statistic.UNITS) for request in program.requests]
        self._depot = Depot()
        self._snapshot: DeviceSnapshot | None = None
        self._read: NDArray[np.float64] = np.zeros(0)
        self.memory = SlotMemory(program.requests, units)
        self.sums = np.zeros((len(program.parameters), 2))
        self.table = np.zeros((SLOT, len(program.parameters) + len(program.vectors)), dtype=np.int64)
        self.numbers = Numbers(self.memory, self.table, self.sums, late=True)

    def begin(
        self, due: Due, confirmed: Collection[Call], samples: int, shares: Shares, tensors: Sequence[Any]
    ) -> LateStep:
        """Ask devices for what passed in the calls that count, and for gradients, then vectors: `tensors`."""
        passages, gradients = self._slots.passages, len(self._program.parameters)
        step = LateStep(due, shares, samples, passages.take(confirmed), Outbox(self._depot))
        if passages.lost:
            step.lose()
            return step
        with self._unless_full(step):
            step.add_passages(confirmed, passages, self._slots.staging)
            step.gradients_here = passages.gradients_of(confirmed)
            step.add_gradients(tensors[:gradients])
            step.add_vectors(tensors[gradients:])
        return step

    def clip(self, step: LateStep, unclipped: Tensor, parameters: Iterable[nn.Parameter]) -> None:
        """Ask for the norm of all gradients before clipping, and after."""
        if step.lost:
            return
        with self._unless_full(step):
            now = total_norm(parameters, step.shares.scales)
            step.clipping = step.outbox.add(unclipped), None if now is None else step.outbox.add(now)

    def keep(self, step: LateStep, parameters: _Held, earlier: KeptParameters | None) -> None:
        """Keep parameters as they are before the update, where there is room for copies."""
        if step.lost:
            return
        with self._unless_full(step):
            self._snapshot = DeviceSnapshot(parameters, earlier)
            step.short |= self._snapshot.short

    def updated(self, step: LateStep) -> None:
        """Ask for how far parameters have come, and let all be sent."""
        step.updated = True
        snapshot, self._snapshot = self._snapshot, None
        if snapshot is not None:
            with self._unless_full(step):
                step.add_changes(snapshot.after())
        step.send()

    @contextmanager
    def _unless_full(self, step: LateStep) -> Iterator[None]:
        """Enter a block that asks a device for something: where that has no room, the step's numbers are let go of."""
        try:
            yield
        except torch.OutOfMemoryError:
            step.lose()
            self._slots.staging.release()
            self._snapshot = None

    def read(self, step: LateStep, places: Sequence[int]) -> None:
        """Fill memory, sums and table with what has arrived; `places` is how many values each vector has place for."""
        for slot, passed in enumerate(step.passed):
            kept = [(step.kept(one, slot, self.memory), one.size) for one in passed]
            if len(kept) == 1:
                self._write(slot, *kept[0][0])
            else:
                write_joined(self.memory, slot, kept, units=self._units[slot])
            self._slots.passages.write_observed(slot, passed)
        self._read_gradients(step)
        self._read_vectors(step, places)

    def ratios(self, step: LateStep) -> list[float]:
        """Return by what fraction the update has changed each parameter."""
        found = []
        for index in range(len(self._program.updates)):
            change, size = (step.number(one) for one in step.changes.get(index, (None, None)))
            found.append(0.0 * change if not change > 0 else change / size if size else inf)
        return found

    def _write(
        self, slot: int, state: NDArray[Any], fine: NDArray[Any], vector: NDArray[Any], picked: NDArray[Any]
    ) -> None:
        memory = self.memory
        memory.state[slot], memory.fine[slot] = state, fine
        memory.vector_of(slot)[:] = vector
        if self._units[slot]:
            memory.picked[memory.pick(slot)] = picked

    def _read_gradients(self, step: LateStep) -> None:
        sums, scale = self.sums, step.shares.scales.activations
        sums[:, 0], sums[:, 1] = nan, 0
        for index in step.none:
            sums[index, 0] = 0.0
        for index, parcel in step.norms.items():
            sums[index, 0] = step.number(parcel) ** 2
        if len(sums):
            sums[0, 1] = sum(step.number(parcel) for parcel in step.wild)
        by_activations = self.memory.gradients
        by_activations[:] = 0.0
        if step.lost:
            by_activations[:, 0] = nan  # none of them is known to be not finite
        arrived = [(slot, step.numbers(one)) for slot, one in step.gradients]
        for slot, found in [*((slot, np.array(one)) for slot, one in step.gradients_here), *arrived]:
            by_activations[slot] += found[0] / (scale * scale), found[1]

    def _read_vectors(self, step: LateStep, places: Sequence[int]) -> None:
        table, first = self.table, len(self._program.parameters)
        table[EXPECTED, first:], table[WIDE] = places, 1
        table[COUNT], table[ADDRESS] = UNREADABLE, 0
        found = {index: step.numbers(parcel) for index, parcel in step.vectors.items()}
        self._read = np.concatenate([*found.values(), np.zeros(0)])
        at = self._read.ctypes.data
        for index, numbers in found.items():
            table[ADDRESS, first + index], table[COUNT, first + index] = at, numbers.size
            at += 8 * numbers.size
