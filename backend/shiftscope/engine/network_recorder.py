"""What records one network: its layers, its part of each stream's row, and what fills it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from math import isfinite, nan
from time import thread_time_ns
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shiftscope.engine import step_quantities
from shiftscope.engine.due import Due
from shiftscope.engine.faults import Faults
from shiftscope.engine.kept_parameters import KeptParameters
from shiftscope.engine.network import TracedNetwork
from shiftscope.engine.observing import set_up_observer
from shiftscope.engine.overhead import OverheadMeter
from shiftscope.engine.plan import Location, Plan
from shiftscope.engine.probe import Need, Probe
from shiftscope.engine.program import Program
from shiftscope.engine.runner import Runner
from shiftscope.engine.scope_state import Carried
from shiftscope.engine.setup import ProbeSetup
from shiftscope.engine.site_slots import SiteSlots
from shiftscope.engine.streams import STEPS
from shiftscope.engine.study import RowWriter, RunInputs, Study, TrainingStep
from shiftscope.kernels.interpreter import Operation
from shiftscope.tracing.explorer import Exploration
from shiftscope.tracing.grad_scaler import Scales
from shiftscope.tracing.journal import Confirmed
from shiftscope.tracing.shadow import Shadow
from shiftscope.wire.frames import Layout, NetworkInfo


class SetupError(Exception):
    """A probe failed while it set itself up; nothing was changed yet."""

    def __init__(self, probe: str, error: Exception) -> None:
        super().__init__(probe)
        self.probe, self.error = probe, error


class Reading(NamedTuple):
    """What is known of a network's step when it is measured.

    Attributes:
        loss: where it was given.
        accuracy: likewise.
        confirmed: the calls that the update is made of.
        scales: what the gradients are times what they should be.
        skipped: updates that were skipped so far.
        unseen: updates without a pass so far.
        failed: passes that failed so far.
        kept: parameters as the update found them, where that is over.
    """

    loss: float | None
    accuracy: float | None
    confirmed: Confirmed
    scales: Scales
    skipped: int
    unseen: int
    failed: int
    kept: KeptParameters | None = None
    rates: tuple[float, ...] = ()


class NetworkRecorder:
    """Measures one network.

    Args:
        network: that was explored.
        exploration: of the step that has just been.
        probes: what is measured.
        given: what there is to measure with.
        scalars: which of loss and accuracy will be given.
        numbers: those of the streams.
        meter: of what it costs.
        faults: which probes failed, and where more are reported.
        groups: parameter groups whose learning rates will be given.
        failed: given an error that is no probe's, and the index of the part at which it was made.

    Raises:
        SetupError: a probe failed.
    """

    def __init__(  # noqa: PLR0913  made in one place
        self,
        network: TracedNetwork,
        exploration: Exploration,
        *,
        probes: Sequence[Probe],
        given: RunInputs,
        scalars: Collection[str],
        numbers: Mapping[str, int],
        meter: OverheadMeter,
        faults: Faults,
        failed: Callable[[int, Exception], None],
        groups: int = 0,
    ) -> None:
        self.info: NetworkInfo = network.info
        self._network, self._meter, self._faults = network, meter, faults
        plan, program = Plan(numbers), Program(network.sites)
        where = Location(network.name)
        losses = [quantity for quantity in (step_quantities.LOSS, step_quantities.ACCURACY) if quantity.name in scalars]
        self._scalars = {quantity.name: plan.add(STEPS, quantity, where) for quantity in losses}
        self._nonfinite = plan.add(STEPS, step_quantities.NONFINITE_COUNT, where)
        self._counts, *_ = [plan.add(STEPS, quantity, where) for quantity in step_quantities.COUNTS]
        self._groups = groups
        self._rates = plan.add(STEPS, step_quantities.GROUP_LEARNING_RATE, where, shape=(groups,)) if groups else None
        self._studies: list[tuple[Probe, Study]] = []
        self._due_studies: list[tuple[Probe, Study]] = []
        self._shadow: Shadow | None = None
        for probe in probes:
            if _is_not_needed(probe, probes, given):
                continue
            requested = program.requested_by(probe.name, probe.stream)
            self._set_up(probe, partial(ProbeSetup, plan, requested, given, exploration, probe.stream))
        program.add(Operation.WRITE_TOTAL_NOT_FINITE, place=self._nonfinite)
        self.layouts: Mapping[str, Layout] = plan.build()
        starts, size = {}, 0
        for stream, layout in self.layouts.items():
            starts[stream] = size
            size += layout.size
        self._row = RowWriter(np.full(size, np.nan, dtype=np.float32), starts)
        self._runner = Runner(program, network, exploration, meter, failed)
        self._runner.place(starts)
        self._note_places()

    @property
    def slots(self) -> SiteSlots:
        """What observes the network's passes."""
        return self._runner.slots

    def _set_up(self, probe: Probe, setup_on: Callable[[TracedNetwork], ProbeSetup]) -> None:
        setup = setup_on(self._network)
        if not _met(probe.needs, setup.given):
            return
        try:
            if probe.passing:
                probe.passing(setup)
            if probe.observe:
                set_up_observer(probe, probe.observe, setup, self._faults)
            if probe.study:
                self._shadow = self._shadow or Shadow(self._network.module)
                with self._shadow():
                    study = probe.study(setup_on(self._network.of_copy(self._shadow.module)))
                if study:
                    self._studies.append((probe, study))
        except Exception as error:  # whatever a probe raises
            raise SetupError(probe.name, error) from error

    def move(self, values: NDArray[np.float32], starts: Mapping[str, int]) -> None:
        """Write into `values` from now on, where this network's part of each stream's row begins at `starts`."""
        for stream, layout in self.layouts.items():
            old, new = self._row.starts[stream], starts[stream]
            values[new : new + layout.size] = self._row.values[old : old + layout.size]
        self._row = RowWriter(values, starts)
        self._runner.place(starts)
        self._note_places()

    def prepare(self, due: Due) -> None:
        """Make ready for what is due at the coming step."""
        self._runner.prepare(due)
        self._due_studies = [(probe, study) for probe, study in self._studies if probe.stream in due.streams]

    def refresh(self, *, modules_changed: bool) -> None:
        """Notice parameters and modules that were replaced since the last step."""
        self._runner.refresh(modules_changed=modules_changed)

    def measure(self, due: Due, reading: Reading) -> float:
        """Fill the rows that are due from what passed and the gradients at the parameters; may be done again.

        Returns how many of the numbers are NaN or infinite.
        """
        self._runner.run(self._row.values, due, reading.confirmed.calls, reading.scales, reading.kept)
        values, loss = self._numbers, reading.loss
        if self._loss_at >= 0:
            values[self._loss_at] = nan if loss is None else loss
        if self._accuracy_at >= 0:
            values[self._accuracy_at] = nan if reading.accuracy is None else reading.accuracy
        self._write_counts(reading)
        if self._rates_at >= 0:
            self._write_rates(reading.rates)
        count: float = values[self._nonfinite_at]
        if loss is not None and not isfinite(loss):
            count += 1
            values[self._nonfinite_at] = count
        return count

    def blank(self, reading: Reading) -> None:
        """Let this network's part of all rows hold nothing but counts: no update of it was seen at this step."""
        for stream, layout in self.layouts.items():
            start = self._row.starts[stream]
            self._row.values[start : start + layout.size] = np.nan
        self._write_counts(reading)

    def begin_studies(self, step: TrainingStep) -> None:
        """Let studies that are due study the network as the update will find it."""
        for probe, study in self._due_studies:
            self._study(probe, study.before, step)

    def finish(self) -> None:
        """Fill what could not be known before the update."""
        self._runner.finish(self._row.values)

    def finish_studies(self, step: TrainingStep) -> None:
        """Let studies that are due study the network as the update left it."""
        for probe, study in self._due_studies:
            self._study(probe, study.after, step)

    def carried(self) -> Mapping[str, Carried]:
        """Return what the studies compare later steps with, by probe."""
        return {probe.name: carried for probe, study in self._studies if (carried := study.carried())}

    def carry_on(self, carried: Mapping[str, Carried]) -> None:
        """Let the studies compare with what those of another recorder have carried here."""
        for probe, study in self._studies:
            if probe.name in carried:
                with self._faults.caught(probe.name):
                    study.carry_on(carried[probe.name])

    def _study(self, probe: Probe, part: Callable[[TrainingStep, RowWriter], None], step: TrainingStep) -> None:
        if probe.name in self._faults.stopped or self._shadow is None:
            return
        begin = thread_time_ns()
        with self._faults.caught(probe.name), self._shadow():
            part(step if probe.restores else step.copied(), self._row)
        self._meter.study(probe.name, thread_time_ns() - begin)

    def _write_counts(self, reading: Reading) -> None:
        numbers, at = self._numbers, self._counts_at
        numbers[at], numbers[at + 1] = reading.confirmed.micro_batches, reading.skipped
        numbers[at + 2], numbers[at + 3] = reading.unseen, reading.failed

    def _write_rates(self, rates: Sequence[float]) -> None:
        """Write a learning rate for each group that was laid out; one that has gone is NaN."""
        for at in range(self._groups):
            self._numbers[self._rates_at + at] = rates[at] if at < len(rates) else nan

    def _note_places(self) -> None:
        # Python's own view of the row: single numbers are quicker to reach by it than by numpy.
        self._numbers: memoryview[float] = self._row.values.data.cast("B").cast("f")
        start = self._row.starts[STEPS]
        at = {quantity: start + place.offset for quantity, place in self._scalars.items()}
        self._loss_at, self._accuracy_at = at.get("loss", -1), at.get("accuracy", -1)
        self._nonfinite_at = start + self._nonfinite.offset
        self._rates_at = -1 if self._rates is None else start + self._rates.offset
        self._counts_at = start + self._counts.offset


def _met(needs: Collection[Need], given: RunInputs) -> bool:
    """Whether the run was given what is needed; what the scope has by itself always is."""
    there = {
        Need.LOSS: given.loss is not None, Need.TARGETS: given.targets, Need.LEARNING_RATE: given.learning_rate,
        Need.PROBE_BATCH: given.probe_batch is not None,
    }  # fmt: skip
    return all(there.get(need, True) for need in needs)


def _is_not_needed(probe: Probe, probes: Sequence[Probe], given: RunInputs) -> bool:
    """Whether a probe would only measure in the place of one that measures itself."""
    return any(other.name == probe.instead_of and _met(other.needs, given) for other in probes)
