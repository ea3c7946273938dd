"""What records one network: its layers, its part of each stream's row, and what fills it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import isfinite, nan
from time import thread_time_ns

import numpy as np
from numpy.typing import NDArray
from torch import nn

from shiftscope.engine import step_quantities
from shiftscope.engine.overhead import OverheadMeter
from shiftscope.engine.plan import NetworkPlan, Plan, Spot
from shiftscope.engine.probe import Probe
from shiftscope.engine.runner import Runner
from shiftscope.engine.streams import Stream
from shiftscope.engine.study import RowWriter, RunInputs, Study, TrainingStep
from shiftscope.kernels.interpreter import Operation
from shiftscope.tracing.forward_patch import Tap, WatchError
from shiftscope.wire.frames import Layout, NetworkInfo

DEFAULT_SITES = frozenset({"pre_activation", "output"})


class NetworkRecorder:
    """Measures one network, through a tap that has seen its first forward pass.

    `scalars` names which of loss and accuracy will be given.
    """

    def __init__(
        self,
        name: str,
        module: nn.Module,
        tap: Tap,
        probes: Sequence[Probe],
        given: RunInputs,
        scalars: Collection[str],
        meter: OverheadMeter,
    ) -> None:
        plan = Plan()
        sites = DEFAULT_SITES.union(*(probe.sites for probe in probes))
        network = NetworkPlan(name, module, tap, tap.discover(), sites, given.units)
        losses = [quantity for quantity in (step_quantities.LOSS, step_quantities.ACCURACY) if quantity.name in scalars]
        self._scalars = {quantity.name: plan.add(Stream.STEPS, quantity, Spot(name)) for quantity in losses}
        self._nonfinite = plan.add(Stream.STEPS, step_quantities.NONFINITE_COUNT, Spot(name))
        self._meter = meter
        self._studies: dict[Stream, tuple[str, Study]] = {}
        self._due_studies: list[tuple[str, Study]] = []
        for probe in probes:
            if probe.lay:
                probe.lay(plan, network)
            if probe.study and (study := probe.study(plan, network, given)):
                self._studies[probe.stream] = probe.name, study
        network.program.add(Operation.WRITE_TOTAL_NOT_FINITE, place=self._nonfinite)
        self.info: NetworkInfo = network.info
        self.layouts: Mapping[Stream, Layout] = plan.build()
        self._tap = tap
        starts, size = {}, 0
        for stream, layout in self.layouts.items():
            starts[stream] = size
            size += layout.size
        self._row = RowWriter(np.full(size, np.nan, dtype=np.float32), starts)
        self._runner = Runner(network.program, tap, given.units, meter)
        self._runner.place(starts)
        self._note_places()

    def move(self, values: NDArray[np.float32], starts: Mapping[Stream, int]) -> None:
        """Write into `values` from now on, where this network's part of each stream's row begins at `starts`."""
        for stream, layout in self.layouts.items():
            old, new = self._row.starts[stream], starts[stream]
            values[new : new + layout.size] = self._row.values[old : old + layout.size]
        self._row = RowWriter(values, starts)
        self._runner.place(starts)
        self._note_places()

    def prepare(self, due: frozenset[Stream]) -> None:
        """Say what will be due at the coming step."""
        self._runner.prepare(due)
        self._due_studies = [self._studies[stream] for stream in sorted(due) if stream in self._studies]

    def measure(self, due: frozenset[Stream], loss: float | None, accuracy: float | None) -> float:
        """Fill the rows that are due from what was seen in passing and the gradients at the parameters.

        Returns how many of the numbers are NaN or infinite.

        Raises:
            WatchError: there was no forward pass.
        """
        if not self._tap.passed:
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
        """Let studies that are due look at the network as the update will find it."""
        for name, study in self._due_studies:
            begin = thread_time_ns()
            study.before(step, self._row)
            self._meter.study(name, thread_time_ns() - begin)

    def finish(self) -> None:
        """Fill what could not be known before the update."""
        self._runner.finish(self._row.values)

    def finish_studies(self, step: TrainingStep) -> None:
        """Let studies that are due look at the network as the update left it."""
        for name, study in self._due_studies:
            begin = thread_time_ns()
            study.after(step, self._row)
            self._meter.study(name, thread_time_ns() - begin)

    def _note_places(self) -> None:
        # Python's own view of the row: single numbers are quicker to reach by it than by numpy.
        self._numbers: memoryview[float] = self._row.values.data.cast("B").cast("f")
        start = self._row.starts[Stream.STEPS]
        at = {quantity: start + place.offset for quantity, place in self._scalars.items()}
        self._loss_at, self._accuracy_at = at.get("loss", -1), at.get("accuracy", -1)
        self._nonfinite_at = start + self._nonfinite.offset
