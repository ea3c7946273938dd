"""One network's studies: set up on a copy of it, and run at the steps at which they are due."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from time import thread_time_ns

from shiftscope.engine.due import Due
from shiftscope.engine.faults import Faults
from shiftscope.engine.network import TracedNetwork
from shiftscope.engine.overhead import OverheadMeter
from shiftscope.engine.probe import Probe
from shiftscope.engine.scope_state import Carried
from shiftscope.engine.setup import ProbeSetup
from shiftscope.engine.study import RowWriter, Study, TrainingStep
from shiftscope.tracing.shadow import Shadow


class Studies:
    """The studies of one network.

    Args:
        network: that they study a copy of.
        meter: of what they cost.
        faults: which probes failed, and where more are reported.
    """

    def __init__(self, network: TracedNetwork, meter: OverheadMeter, faults: Faults) -> None:
        self._network, self._meter, self._faults = network, meter, faults
        self._studies: list[tuple[Probe, Study]] = []
        self._due: list[tuple[Probe, Study]] = []
        self._shadow: Shadow | None = None

    def set_up(self, probe: Probe, setup: ProbeSetup, setup_on: Callable[[TracedNetwork], ProbeSetup]) -> None:
        """Set up a probe's study, if it has one: on the network itself where it only reads that."""
        if probe.study is None:
            return
        study = probe.study(setup) if probe.reads else self._on_copy(probe.study, setup_on)
        if study:
            self._studies.append((probe, study))

    def prepare(self, due: Due) -> None:
        """Make ready for what is due at the coming step."""
        self._due = [(probe, study) for probe, study in self._studies if probe.stream in due.streams]

    def begin(self, step: TrainingStep, row: RowWriter) -> None:
        """Let studies that are due study the network as the update will find it."""
        for probe, study in self._due:
            self._study(probe, study.before, step, row)

    def finish(self, step: TrainingStep, row: RowWriter) -> None:
        """Let studies that are due study the network as the update left it."""
        for probe, study in self._due:
            self._study(probe, study.after, step, row)

    def carried(self) -> Mapping[str, Carried]:
        """Return what the studies compare later steps with, by probe."""
        return {probe.name: carried for probe, study in self._studies if (carried := study.carried())}

    def carry_on(self, carried: Mapping[str, Carried]) -> None:
        """Let the studies compare with what those of another recorder have carried here."""
        for probe, study in self._studies:
            if probe.name in carried:
                with self._faults.caught(probe.name):
                    study.carry_on(carried[probe.name])

    def _on_copy(
        self, study: Callable[[ProbeSetup], Study | None], setup_on: Callable[[TracedNetwork], ProbeSetup]
    ) -> Study | None:
        self._shadow = self._shadow or Shadow(self._network.module)
        with self._shadow():
            return study(setup_on(self._network.of_copy(self._shadow.module)))

    def _study(
        self, probe: Probe, part: Callable[[TrainingStep, RowWriter], None], step: TrainingStep, row: RowWriter
    ) -> None:
        if probe.name in self._faults.stopped:
            return
        begin = thread_time_ns()
        copied = nullcontext() if probe.reads or self._shadow is None else self._shadow()
        with self._faults.caught(probe.name), copied:
            part(step if probe.restores else step.copied(), row)
        self._meter.study(probe.name, thread_time_ns() - begin)
