"""What records one network: its layers, its part of each stream's row, and what fills it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import nn

from shiftscope.engine.due import Due
from shiftscope.engine.faults import Faults
from shiftscope.engine.kept_parameters import KeptParameters
from shiftscope.engine.late_step import LateStep
from shiftscope.engine.network import TracedNetwork
from shiftscope.engine.observing import set_up_observer
from shiftscope.engine.overhead import OverheadMeter
from shiftscope.engine.plan import Plan
from shiftscope.engine.presence import Presence
from shiftscope.engine.probe import Need, Probe
from shiftscope.engine.program import Program
from shiftscope.engine.reading import Known, Reading, StepNumbers
from shiftscope.engine.revisions import ALL_THERE
from shiftscope.engine.runner import Runner
from shiftscope.engine.scope_state import Carried
from shiftscope.engine.setup import ProbeSetup
from shiftscope.engine.site_slots import SiteSlots
from shiftscope.engine.studies import Studies
from shiftscope.engine.study import RowWriter, RunInputs, TrainingStep
from shiftscope.kernels.interpreter import Operation
from shiftscope.notices import notice
from shiftscope.tracing.explorer import Exploration
from shiftscope.wire.frames import Layout, NetworkInfo


class SetupError(Exception):
    """A probe failed while it set itself up; nothing was changed yet."""

    def __init__(self, probe: str, error: Exception) -> None:
        super().__init__(probe)
        self.probe, self.error = probe, error


class Late(NamedTuple):
    """What of a network's step is on its way from a device.

    Attributes:
        recorder: that fills it in.
        step: what was asked for.
        given: loss and accuracy of the step.
    """

    recorder: NetworkRecorder
    step: LateStep
    given: Known


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
        trained: returns a parameter of a layer's core that is trained, if there is any.
        groups: parameter groups whose learning rates will be given.
        failed: given an error that is no probe's, and the index of the part at which it was made.

    Attributes:
        info: the network as the page draws it.
        layouts: of this network's part of each stream's row.
        streams: of what is measured in passing, those without entries too: layers that appear later may have
            some.
        absent: what of the network was not seen at the step that was measured last.

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
        trained: Callable[[int], nn.Parameter | None],
        groups: int = 0,
    ) -> None:
        self.info: NetworkInfo = network.info
        self._network, self._meter, self._faults = network, meter, faults
        self._trained = trained
        self._by_gradients = frozenset(one.name for probe in probes for one in probe.quantities if one.by_gradients)
        self._presence = Presence(network.layers, exploration.unexplored)
        self.absent = ALL_THERE
        plan, program = Plan(numbers), Program(network.sites)
        self._step = StepNumbers(plan, network.name, scalars, groups)
        self._studies = Studies(network, meter, faults)
        needed = [probe for probe in probes if _is_needed(probe, probes, given)]
        for probe in needed:
            requested = program.requested_by(probe.name, probe.stream)
            self._set_up(probe, partial(ProbeSetup, plan, requested, given, exploration, probe.stream))
        self.streams = frozenset(probe.stream for probe in needed if not probe.study)
        program.add(Operation.WRITE_TOTAL_NOT_FINITE, place=self._step.not_finite)
        self.layouts: Mapping[str, Layout] = plan.build()
        starts, size = {}, 0
        for stream, layout in self.layouts.items():
            starts[stream] = size
            size += layout.size
        self._row = RowWriter(np.full(size, np.nan, dtype=np.float32), starts)
        self._runner = Runner(program, network, exploration, meter, failed)
        self._runner.place(starts)
        self._step.place(self._row)

    @property
    def loss(self) -> float | None:
        """The loss of the step that was measured last, where it was given and is known yet."""
        return self._step.loss

    @property
    def slots(self) -> SiteSlots:
        """What observes the network's passes."""
        return self._runner.slots

    def _set_up(self, probe: Probe, setup_on: Callable[[TracedNetwork], ProbeSetup]) -> None:
        setup = setup_on(self._network)
        try:
            if probe.passing:
                probe.passing(setup)
            if probe.observe:
                set_up_observer(probe, probe.observe, setup, self._faults)
            self._studies.set_up(probe, setup, setup_on)
        except Exception as error:  # whatever a probe raises
            raise SetupError(probe.name, error) from error

    def move(self, values: NDArray[np.float32], starts: Mapping[str, int]) -> None:
        """Write into `values` from now on, where this network's part of each stream's row begins at `starts`."""
        for stream, layout in self.layouts.items():
            old, new = self._row.starts[stream], starts[stream]
            values[new : new + layout.size] = self._row.values[old : old + layout.size]
        self._row = RowWriter(values, starts)
        self._runner.place(starts)
        self._step.place(self._row)

    def prepare(self, due: Due) -> None:
        """Make ready for what is due at the coming step."""
        self._runner.prepare(due)
        self._studies.prepare(due)

    def refresh(self, *, modules_changed: bool) -> None:
        """Notice parameters and modules that were replaced since the last step."""
        self._runner.refresh(modules_changed=modules_changed)

    def measure(self, due: Due, reading: Reading) -> float:
        """Fill the rows that are due from what passed and the gradients at the parameters; may be done again.

        Returns how many of the numbers are NaN or infinite: of those that are known yet.
        """
        self.absent = self._presence.absent(reading.confirmed.calls, partial(self._has_gradient, reading.kept))
        if reading.updated:
            self.absent = self.absent._replace(quantities=self._by_gradients)
        confirmed, kept, unclipped = reading.confirmed.calls, reading.kept, reading.unclipped
        self._runner.run(self._row.values, due, confirmed, reading.scales, kept, unclipped)
        late = self._runner.late
        self._step.write(reading, late.outbox.add if late else None)
        return 0.0 if late else self._step.count_loss()

    def overtakes(self, kept: KeptParameters | None) -> bool:
        """Whether a step is measured at once while others before it wait for a device."""
        return self._runner.overtakes(kept)

    def take_late(self) -> Late | None:
        """Return what of the step is still on its way from a device, if anything; it is sent now."""
        step = self._runner.take_late()
        return None if step is None else Late(self, step, self._step.given)

    def fill(self, late: Late) -> float:
        """Fill the rows, which are as they were then, with what has arrived; return how much is not finite."""
        self._runner.write_late(late.step, self._row.values)
        if late.step.short:
            self._faults.note_once(notice("event.device_full"))
        loss, accuracy = map(late.step.given, late.given)
        self._step.write_given(loss, accuracy)
        return self._step.count_loss()

    def blank(self, reading: Reading) -> None:
        """Let this network's part of all rows hold nothing but counts: no update of it was seen at this step."""
        self._runner.late = None
        for stream, layout in self.layouts.items():
            start = self._row.starts[stream]
            self._row.values[start : start + layout.size] = np.nan
        self.absent = self._presence.nothing
        self._step.write_counts(reading)

    def _has_gradient(self, kept: KeptParameters | None, layer: int) -> bool:
        """Whether the update that is measured uses a gradient of a layer."""
        parameter = self._trained(layer)
        if parameter is None:
            return False
        return (parameter.grad if kept is None else kept.gradient(parameter)) is not None

    def begin_studies(self, step: TrainingStep) -> None:
        """Let studies that are due study the network as the update will find it."""
        self._studies.begin(step, self._row)

    def finish(self) -> None:
        """Fill what could not be known before the update."""
        self._runner.finish(self._row.values)

    def finish_studies(self, step: TrainingStep) -> None:
        """Let studies that are due study the network as the update left it."""
        self._studies.finish(step, self._row)

    def carried(self) -> Mapping[str, Carried]:
        """Return what the studies compare later steps with, by probe."""
        return self._studies.carried()

    def carry_on(self, carried: Mapping[str, Carried]) -> None:
        """Let the studies compare with what those of another recorder have carried here."""
        self._studies.carry_on(carried)

    def passing(self) -> Carried:
        """Return what training batches are compared with."""
        return self._runner.carried()

    def carry_on_passing(self, carried: Carried) -> None:
        """Compare training batches with what was carried here."""
        self._runner.carry_on(carried)

    def inherit(self, other: NetworkRecorder) -> None:
        """Compare with what passed the same layers before, which another recorder of the network has kept."""
        self._runner.inherit(other._runner)


def _met(needs: Collection[Need], given: RunInputs) -> bool:
    """Whether the run was given what is needed; what the scope has by itself always is."""
    there = {
        Need.LOSS: given.loss is not None, Need.TARGETS: given.targets, Need.LEARNING_RATE: given.learning_rate,
        Need.PROBE_BATCH: given.probe_batch is not None,
    }  # fmt: skip
    return all(there.get(need, True) for need in needs)


def _is_needed(probe: Probe, probes: Sequence[Probe], given: RunInputs) -> bool:
    """Whether a probe has what it needs, and would not only measure in the place of one that measures itself."""
    return _met(probe.needs, given) and not any(
        other.name == probe.instead_of and _met(other.needs, given) for other in probes
    )
