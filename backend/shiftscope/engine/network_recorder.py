"""What records one network: its layers, its part of each stream's row, and what fills it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from math import isfinite, nan
from time import thread_time_ns

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from shiftscope.engine import step_quantities
from shiftscope.engine.due import Due
from shiftscope.engine.faults import Faults, ProbeError
from shiftscope.engine.network import TracedNetwork
from shiftscope.engine.observing import set_up_observer
from shiftscope.engine.overhead import OverheadMeter
from shiftscope.engine.plan import Location, Plan
from shiftscope.engine.probe import Need, Probe
from shiftscope.engine.program import Program
from shiftscope.engine.runner import Runner
from shiftscope.engine.setup import ProbeSetup
from shiftscope.engine.streams import STEPS
from shiftscope.engine.study import RowWriter, RunInputs, Study, TrainingStep
from shiftscope.kernels.interpreter import Operation
from shiftscope.tracing.errors import WatchError
from shiftscope.tracing.explorer import Exploration
from shiftscope.tracing.restoration import Restoration
from shiftscope.wire.frames import Layout, NetworkInfo


class SetupError(Exception):
    """A probe failed while it set itself up; nothing was changed yet."""

    def __init__(self, probe: str, error: Exception) -> None:
        super().__init__(probe)
        self.probe, self.error = probe, error


class NetworkRecorder:
    """Measures one network.

    Args:
        network: that was explored.
        exploration: of its pass that has just been.
        probes: what is measured.
        given: what there is to measure with.
        scalars: which of loss and accuracy will be given.
        numbers: those of the streams.
        meter: of what it costs.
        faults: which probes failed, and where more are reported.

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
    ) -> None:
        self.info: NetworkInfo = network.info
        self._patch = network.patch
        self._meter, self._faults = meter, faults
        plan, program = Plan(numbers), Program(network.sites)
        where = Location(network.name)
        losses = [quantity for quantity in (step_quantities.LOSS, step_quantities.ACCURACY) if quantity.name in scalars]
        self._scalars = {quantity.name: plan.add(STEPS, quantity, where) for quantity in losses}
        self._nonfinite = plan.add(STEPS, step_quantities.NONFINITE_COUNT, where)
        self._studies: list[tuple[Probe, Study]] = []
        self._due_studies: list[tuple[Probe, Study]] = []
        self._restoration = Restoration(network.module)
        for probe in probes:
            setup = ProbeSetup(
                network, plan, program.requested_by(probe.name, probe.stream), given, exploration, probe.stream
            )
            try:
                self._set_up(probe, setup)
            except Exception as error:  # whatever a probe raises
                raise SetupError(probe.name, error) from error
        program.add(Operation.WRITE_TOTAL_NOT_FINITE, place=self._nonfinite)
        self.layouts: Mapping[str, Layout] = plan.build()
        starts, size = {}, 0
        for stream, layout in self.layouts.items():
            starts[stream] = size
            size += layout.size
        self._row = RowWriter(np.full(size, np.nan, dtype=np.float32), starts)
        self._runner = Runner(program, network, exploration, meter)
        self._runner.place(starts)
        self._note_places()

    def _set_up(self, probe: Probe, setup: ProbeSetup) -> None:
        if not _met(probe.needs, setup.given):
            return
        if probe.passing:
            probe.passing(setup)
        if probe.observe:
            set_up_observer(probe, probe.observe, setup, self._faults)
        if probe.study and (study := probe.study(setup)):
            self._studies.append((probe, study))

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

    def measure(self, due: Due, loss: float | None, accuracy: float | None) -> float:
        """Fill the rows that are due from what passed and the gradients at the parameters.

        Returns how many of the numbers are NaN or infinite.

        Raises:
            WatchError: there was no forward pass.
        """
        if not self._patch.passed:
            raise WatchError(f"{self.info.name} has run no forward pass that builds a graph since its last update")
        self._runner.run(self._row.values, due)
        values = self._numbers
        if self._loss_at >= 0:
            values[self._loss_at] = nan if loss is None else loss
        if self._accuracy_at >= 0:
            values[self._accuracy_at] = nan if accuracy is None else accuracy
        count: float = values[self._nonfinite_at]
        if loss is not None and not isfinite(loss):
            count += 1
            values[self._nonfinite_at] = count
        return count

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

    def _study(self, probe: Probe, part: Callable[[TrainingStep, RowWriter], None], step: TrainingStep) -> None:
        if probe.name in self._faults.stopped:
            return
        begin = thread_time_ns()
        with self._faults.caught(probe.name):
            if probe.restores:
                part(step, self._row)
            else:
                batch: list[Tensor] = [one for one in (step.inputs, step.targets) if one is not None]
                with self._restoration(batch) as changed:
                    part(step, self._row)
                if changed:
                    raise ProbeError(f"it changed {', '.join(changed)}, which was put back")
        self._meter.study(probe.name, thread_time_ns() - begin)

    def _note_places(self) -> None:
        # Python's own view of the row: single numbers are quicker to reach by it than by numpy.
        self._numbers: memoryview[float] = self._row.values.data.cast("B").cast("f")
        start = self._row.starts[STEPS]
        at = {quantity: start + place.offset for quantity, place in self._scalars.items()}
        self._loss_at, self._accuracy_at = at.get("loss", -1), at.get("accuracy", -1)
        self._nonfinite_at = start + self._nonfinite.offset


def _met(needs: Collection[Need], given: RunInputs) -> bool:
    """Whether the run was given what is needed; what the scope has by itself always is."""
    there = {
        Need.LOSS: given.loss is not None, Need.TARGETS: given.targets, Need.LEARNING_RATE: given.learning_rate,
    }  # fmt: skip
    return all(there.get(need, True) for need in needs)
