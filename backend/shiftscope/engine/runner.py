"""Carrying out a network's program at each recorded step."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from math import nan
from time import thread_time_ns

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from shiftscope.engine.batch_comparison import count_samples
from shiftscope.engine.clipping import total_norm
from shiftscope.engine.due import Due
from shiftscope.engine.homes import Homes
from shiftscope.engine.kept_parameters import KeptParameters
from shiftscope.engine.late_runner import LateRunner
from shiftscope.engine.late_step import LateStep, Shares
from shiftscope.engine.network import TracedNetwork
from shiftscope.engine.overhead import OverheadMeter
from shiftscope.engine.parameter_snapshot import ParameterSnapshot
from shiftscope.engine.program import SCOPE, Program
from shiftscope.engine.program_rows import Numbers, ProgramRows
from shiftscope.engine.scope_state import Carried
from shiftscope.engine.site_slots import SiteSlots
from shiftscope.engine.tensor_table import TensorTable
from shiftscope.tracing.explorer import Exploration
from shiftscope.tracing.grad_scaler import Scales
from shiftscope.tracing.journal import Call


class Runner:
    """A program with its memory.

    Args:
        program: what is to be done.
        network: whose passes `slots` observes.
        exploration: of the step that has just been, which is measured now.
        meter: of what it costs.
        failed: given an error at a part, and the part's index.

    Attributes:
        slots: what is measured as passes go by.
        late: the step that was measured last, where something of it lies on a device.
    """

    def __init__(
        self, program: Program, network: TracedNetwork, exploration: Exploration, meter: OverheadMeter,
        failed: Callable[[int, Exception], None],
    ) -> None:  # fmt: skip
        self._program = program
        self._meter = meter
        self._rows = ProgramRows(program, meter)
        self.slots = SiteSlots(program.requests, network.units, meter, network.overwriting, failed, network.on_host)
        self.late: LateStep | None = None
        self._units, self._on_host, self._module = network.units, network.on_host, network.module
        self._homes = Homes(network.module, program.parameters, program.vectors)
        self._updates = Homes(network.module, (), [(update.held, update.name) for update in program.updates])
        self._tensors = TensorTable(program.parameters, program.vectors, on_host=network.on_host)
        self._noting = next(iter(program.noting), SCOPE)
        sums = np.zeros((len(program.parameters), 2))
        self._numbers = Numbers(self.slots.memory, self._tensors.table, sums)
        self._snapshot = ParameterSnapshot(self._updates.vectors)
        names = {layer.core.index: layer.name for layer in network.layers}
        sites = [program.requests[one.request].site for one in program.compared]
        self._compared = [(names[site.layer], site.name) for site in sites]
        self._waiting = 0
        self.slots.replay(exploration)

    def overtakes(self, earlier: KeptParameters | None = None) -> bool:
        """Whether the step under way lies on the host alone, while numbers of steps before it wait to be written."""
        return self._waiting > 0 and not self.slots.passages.elsewhere and self._tensors.note(earlier) is not None

    @cached_property
    def _later(self) -> LateRunner:
        return LateRunner(self._program, self.slots, self._units)

    def place(self, starts: Mapping[str, int]) -> None:
        """Write, from now on, into rows in which each stream begins at its start."""
        self._rows.place(starts)

    def inherit(self, other: Runner) -> None:
        """Compare sites with what passed them before, as another runner has kept it."""
        self._rows.comparison.inherit(other._rows.comparison, self._compared, other._compared)

    def carried(self) -> Carried:
        """Return what passed the compared sites before."""
        return self._rows.comparison.carried(self._compared)

    def carry_on(self, carried: Carried) -> None:
        """Compare sites with what passed them before, as it was carried here."""
        self._rows.comparison.carry_on(carried, self._compared)

    def prepare(self, due: Due) -> None:
        """Measure, from the next pass on, what the streams that are due need."""
        self.slots.prepare(due)

    def refresh(self, *, modules_changed: bool) -> None:
        """Notice parameters and modules that were replaced since the last step."""
        if self._homes.refresh(modules_changed=modules_changed):
            self._updates.refresh(modules_changed=True)
            self._tensors = TensorTable(self._homes.parameters, self._homes.vectors, self._tensors, self._on_host)
            self._snapshot = ParameterSnapshot(self._updates.vectors)
            self._numbers = self._numbers._replace(slots=self._tensors.table)

    def run(
        self, row: NDArray[np.float32], due: Due, confirmed: Collection[Call], scales: Scales,
        earlier: KeptParameters | None = None, unclipped: Tensor | None = None,
    ) -> None:  # fmt: skip
        """Write what the calls that count passed and what the gradients are, as far as it belongs to these streams.

        Where something of it lies on a device, nothing is written: it is asked for, and `late` until `write_late`.
        """
        begin = thread_time_ns() if self._meter.timing else 0
        kept = self._tensors.note(earlier)
        if self._meter.timing:
            self._meter.passing(self._noting, thread_time_ns() - begin)
        shares = self._shares(scales)
        samples = count_samples(confirmed) if self._rows.comparison.stream in due.streams else 0
        if kept is None or self.slots.passages.elsewhere:
            self._run_late(due, confirmed, samples, shares, earlier, unclipped)
            return
        self.late = None
        self.slots.settle(confirmed, scales.activations)
        self._rows.write(row, due, self._numbers, shares, samples)
        del kept
        if self._program.clipped:
            self._write_clipping(row, scales, None if earlier else unclipped)
        if self._program.updates:
            begin = thread_time_ns()
            self._snapshot.before(earlier)
            self._meter.passing(self._program.updates[0].requester.probe, thread_time_ns() - begin)

    def _run_late(
        self, due: Due, confirmed: Collection[Call], samples: int, shares: Shares, earlier: KeptParameters | None,
        unclipped: Tensor | None,
    ) -> None:  # fmt: skip
        begin = thread_time_ns()
        self.late = step = self._later.begin(due, confirmed, samples, shares, self._tensors.now(earlier))
        if self._program.clipped and unclipped is not None and not earlier:
            self._later.clip(step, unclipped, self._module.parameters())
        if self._program.updates:
            self._later.keep(step, self._updates.vectors, earlier)
        self._meter.passing(self._noting, thread_time_ns() - begin)

    def take_late(self) -> LateStep | None:
        """Return the step that was measured last if something of it lies on a device, and send it."""
        step, self.late = self.late, None
        if step is not None:
            step.send()
            self._waiting += 1
        return step

    def write_late(self, step: LateStep, row: NDArray[np.float32]) -> None:
        """Write what has arrived of a step, or wait for it."""
        self._waiting -= 1
        self._later.read(step, self._tensors.places)
        self._rows.write(row, step.due, self._later.numbers, step.shares, step.samples)
        before, after = map(step.number, step.clipping)
        self._rows.write_clipping(row, before / step.shares.scales.activations, after)
        if step.updated:
            self._rows.comparison.finish()
            self._rows.write_ratios(row, self._later.ratios(step))

    def _shares(self, scales: Scales) -> Shares:
        if scales.parameters == 1.0 and not scales.others and not self._homes.missing:
            return Shares(scales)
        own = [scales.others.get(id(one), scales.parameters) for one in self._homes.parameters]
        return Shares(scales, own, self._homes.missing)

    def _write_clipping(self, row: NDArray[np.float32], scales: Scales, unclipped: Tensor | None) -> None:
        """Write the norm of all gradients; none is known where optimizers have used them as they came."""
        begin = thread_time_ns()
        now = None if unclipped is None else total_norm(self._module.parameters(), scales)
        before = nan if unclipped is None else unclipped.item() / scales.activations
        self._rows.write_clipping(row, before, nan if now is None else now.item())
        self._meter.passing(self._program.clipped[0].requester.probe, thread_time_ns() - begin)

    def finish(self, row: NDArray[np.float32]) -> None:
        """Write what is known only after the update, or ask for it."""
        if self.late is not None:
            begin = thread_time_ns()
            self._later.updated(self.late)
            self._meter.passing(self._noting, thread_time_ns() - begin)
            return
        self._rows.comparison.finish()
        if self._program.updates:
            begin = thread_time_ns()
            self._rows.write_ratios(row, self._snapshot.after())
            self._meter.passing(self._program.updates[0].requester.probe, thread_time_ns() - begin)
