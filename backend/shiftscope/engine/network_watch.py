"""One network while it is watched: from its first pass, which is explored, to its last update."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from shiftscope.engine import reports
from shiftscope.engine.due import Due
from shiftscope.engine.faults import PASSING, Faults, let_interrupts_through
from shiftscope.engine.kept_parameters import KeptParameters
from shiftscope.engine.network import DEFAULT_SITES, TracedNetwork
from shiftscope.engine.network_recorder import NetworkRecorder, Reading, SetupError
from shiftscope.engine.overhead import OverheadMeter
from shiftscope.engine.probe import Need, Probe
from shiftscope.engine.scope_state import Carried
from shiftscope.engine.study import Inputs, Loss, RunInputs, TrainingStep
from shiftscope.tracing.explorer import Explorer
from shiftscope.tracing.grad_scaler import UNSCALED, Scales
from shiftscope.tracing.journal import Confirmed
from shiftscope.tracing.selection import EVERY_LAYER, Selection
from shiftscope.tracing.thrown_away import GradientWatch
from shiftscope.tracing.tracer import PartObserver, Tracer
from shiftscope.tracing.uncompiled import Uncompiled

MOST_FAILED = 2
"""Parts at which measuring may fail before everything is given up: then it is no business of theirs."""

_queue_callback = torch.autograd.Variable._execution_engine.queue_callback

Batch = tuple[Any, Tensor]
"""Inputs and targets."""


class Given(NamedTuple):
    """What is said about a step from outside: each where it is known."""

    loss: float | None = None
    accuracy: float | None = None
    batch: Batch | None = None
    learning_rate: float | None = None
    scales: Scales = UNSCALED
    kept: KeptParameters | None = None
    rates: tuple[float, ...] = ()


@dataclass(frozen=True)
class Tools:
    """What the networks of a run share; `clock` returns how many updates there were, `carried` is by network."""

    probes: Sequence[Probe]
    numbers: dict[str, int]
    meter: OverheadMeter
    faults: Faults
    probe_batch: Inputs | None
    loss: Loss | None
    units: tuple[int, ...]
    clock: Callable[[], int]
    carried: Mapping[str, Mapping[str, Carried]]
    selection: Selection = EVERY_LAYER


class NetworkWatch:
    """Watches one network and measures its steps.

    Attributes:
        name: as shown.
        recorder: once there was a step.
        measured: what was said about the step that was measured last, since the last update.
        micro_batches: that were seen then.
        updates: of this network since the last step of the run.
        unseen: updates without a pass, so far.
        on_backward_end: called when a backward pass through the network is over.
        on_call: called when a pass begins that may be the first one after an update.
        leads: where calls alone are noticed, a part is called with the parameters of each of these sets of ids.
    """

    def __init__(self, name: str, network: nn.Module, tools: Tools) -> None:
        self.name = name
        self.recorder: NetworkRecorder | None = None
        self.measured: Given | None = None
        self.micro_batches = 0
        self.updates = 0
        self.unseen = 0
        self._network, self._tools = network, tools
        self._failed_parts: set[int] = set()
        self._functions = True
        self._hides = False
        self._uncompiled: Uncompiled | None = None
        self.tracer = Tracer(network, self._failed, selection=tools.selection)
        self.gradients = GradientWatch(network)
        self.on_backward_end: Callable[[], None] | None = None
        self.on_call: Callable[[], None] | None = None
        self.leads: Sequence[Collection[int]] = ()
        self.tracer.journal.on_backward = self._backward_begins
        self.tracer.journal.failed = tools.faults.fail
        self.tracer.on_call = self._call_begins
        gradients = any(Need.ACTIVATION_GRADIENTS in probe.needs for probe in tools.probes)
        self._explorer: Explorer | None = Explorer(self.tracer.parts, gradients=gradients)
        self.tracer.observe_with(self._explorer)
        self._step: TrainingStep | None = None

    def measure(self, due: Due, step: int, given: Given) -> float:
        """Measure the network as the update will find it; again, if it was measured at this step before.

        Returns how many numbers are NaN or infinite.
        """
        self.measured = given
        if self.recorder is not None:
            self.recorder.refresh(modules_changed=False)
        if self._explorer is not None:
            self._observe()  # it may have been compiled since it is watched
        confirmed = self._seen_uncompiled(self.tracer.journal.confirmed())
        self.micro_batches = confirmed.micro_batches
        if self.recorder is None or self._explorer is not None:
            self._record(due, confirmed, given)
        recorder = self._existing()
        count = recorder.measure(due, self._reading(confirmed, given)) if due.passing else 0.0
        if due.studying:
            self._step = TrainingStep(step, self._inputs(given), given.batch[1] if given.batch else None,
                                      given.learning_rate)  # fmt: skip
            recorder.begin_studies(self._step)
        return count

    def _seen_uncompiled(self, confirmed: Confirmed) -> Confirmed:
        """Return the calls of the update; where compiled code hid some, those of a copy that is not compiled."""
        last, observer = self.tracer.last_pass, self._observer
        if not self._hides or last is None or observer is None or PASSING in self._tools.faults.stopped:
            return confirmed
        try:
            self._uncompiled = self._uncompiled or Uncompiled(self._network, self._failed, self._tools.selection)
            if self.recorder is not None:
                self.recorder.slots.clear()
            calls = self._uncompiled.see(last, observer)
        except Exception as error:  # noqa: BLE001  whatever its forward raises, training goes on
            self._tools.faults.stop(PASSING, error)
            return confirmed
        return Confirmed(set(calls), max(1, confirmed.micro_batches))

    def finish(self, due: Due) -> None:
        """Measure what is known only after the update."""
        if self.measured is None or self.recorder is None:
            return
        if due.passing:
            self.recorder.finish()
        if self._step is not None:
            self.recorder.finish_studies(self._step)
            self._step = None

    def clear(self, backward: int | None = None) -> None:
        """Begin anew, after an update; but for backward passes after the one of that number, where it is given."""
        if self._explorer is not None and self.recorder is not None:
            self._explorer.forget()
            self._explorer = None
            self.tracer.functions = self._functions
            self.tracer.observe_with(None if self._hides else self.recorder.slots)
        if self._explorer is not None:
            self._explorer.forget()
        if backward is not None:
            self.tracer.journal.forget_backward(backward)
        else:
            if self.recorder is not None:
                self.recorder.slots.clear()
            self.tracer.clear()
        self.gradients.clear()

    def blank(self) -> None:
        """Record that no update of this network was seen at a step."""
        self._existing().blank(self._reading(Confirmed((), 0), Given()))

    @property
    def seen(self) -> bool:
        """Whether a backward pass was seen since the last update, or its gradients are there all the same.

        A network of which nothing was seen at first may be compiled, or replicated: of it gradients are recorded.
        """
        journal = self.tracer.journal
        hidden = self.tracer.last_pass is not None and not journal.any_call
        known = self.recorder is not None or self.unseen > 0 or hidden
        return journal.any_backward or (known and self.gradients.fresh())

    def end_update(self, *, armed: bool, backward: int | None = None) -> None:
        """Take note that an update is over; backward passes after the one of that number are not its."""
        self.updates += 1
        if armed:
            self.unseen += self.measured is None
            self.clear(backward)

    def skip(self) -> None:
        """Take note that an optimizer leaves an update out."""
        self.gradients.skipped += 1
        self._note_skipped(skipped=True)

    def prepare(self, due: Due) -> None:
        """Make ready for what is due at the coming step."""
        if self.recorder is not None:
            self.recorder.prepare(due)

    def arm(self) -> None:
        """Watch passes and their parts."""
        if self.tracer.refresh() and self.recorder is not None:
            self.recorder.refresh(modules_changed=True)
        self._observe()
        self.tracer.arm()

    @property
    def _observer(self) -> PartObserver | None:
        """Who is shown what passes the parts."""
        if self._explorer is not None or self.recorder is None:
            return self._explorer
        return self.recorder.slots

    def _observe(self) -> None:
        """Let passes be shown to whom they are for; a network of which compiled code hides parts is seen by a copy."""
        if self._hides != self.tracer.hides_parts:
            self._hides = not self._hides
            self.tracer.observe_with(None if self._hides else self._observer)

    def disarm(self, *, counting: bool) -> None:
        """Watch nothing; or, where it has to be known when the network is called, only that."""
        if counting:
            self.tracer.arm(leads=self.tracer.leads(self.leads))
        elif self.tracer.armed:
            self.tracer.disarm()
            self.tracer.clear()

    def carried(self) -> Mapping[str, Carried]:
        """Return what its studies compare later steps with, by probe."""
        return self._tools.carried.get(self.name, {}) if self.recorder is None else self.recorder.carried()

    def record_unseen(self, due: Due) -> None:
        """Make a recorder for a network of which no update was seen."""
        self._record(due, self.tracer.journal.confirmed(), Given())

    def release(self) -> None:
        """Let go of the network."""
        self.tracer.disarm()
        self.tracer.clear()
        self.gradients.clear()
        if self._explorer is not None:
            self._explorer.forget()

    def _existing(self) -> NetworkRecorder:
        if self.recorder is None:
            raise RuntimeError(f"{self.name} was not measured yet")
        return self.recorder

    def _reading(self, confirmed: Confirmed, given: Given) -> Reading:
        return Reading(
            given.loss, given.accuracy, confirmed, given.scales, self.gradients.skipped, self.unseen,
            self.tracer.failed_passes, given.kept, given.rates,
        )  # fmt: skip

    def _inputs(self, given: Given) -> Inputs:
        last = self.tracer.last_pass
        if given.batch is not None:
            return Inputs.given(given.batch[0])
        return Inputs() if last is None else Inputs(last.arguments, last.keywords)

    def _record(self, due: Due, confirmed: Confirmed, given: Given) -> None:
        """Set all probes up for a network whose first step was explored; one that fails is left out."""
        tools = self._tools
        explorer = self._explorer or Explorer(self.tracer.parts)
        exploration = explorer.result(confirmed.calls)
        there = RunInputs(
            tools.loss, tools.probe_batch, given.batch is not None, given.learning_rate is not None, tools.units
        )  # fmt: skip
        sites = dict.fromkeys(DEFAULT_SITES, "")
        for probe in tools.probes:
            for site in sorted(probe.sites):
                sites.setdefault(site, probe.name)
        used = any(part.function for layer in exploration.layers for part in layer.parts)
        self._functions = used or self.tracer.relies_on_functions
        network = TracedNetwork(
            self.name,
            self._network,
            self.tracer.parts,
            exploration.layers,
            exploration.overwriting,
            sites,
            tools.units,
            self._functions,
        )
        said = (("loss", given.loss), ("accuracy", given.accuracy))
        scalars = {quantity for quantity, value in said if value is not None}
        while True:
            probes = [probe for probe in tools.probes if probe.name not in tools.faults.stopped]
            try:
                self.recorder = NetworkRecorder(
                    network, exploration, probes=probes, given=there, scalars=scalars, numbers=tools.numbers,
                    meter=tools.meter, faults=tools.faults, failed=self._failed, groups=len(given.rates),
                )  # fmt: skip
            except SetupError as error:
                tools.faults.stop(error.probe, error.error)
            else:
                break
        self.recorder.carry_on(tools.carried.get(self.name, {}))
        self.recorder.prepare(due)

    def _backward_begins(self) -> None:
        _queue_callback(self._backward_ended)

    def _backward_ended(self) -> None:
        """Note the gradients as a backward pass leaves them; torch calls this at its end."""
        try:
            self._note_skipped(skipped=self.gradients.backward_ended())
            if self.on_backward_end:
                self.on_backward_end()
        except Exception as error:  # noqa: BLE001  reported: the training must not notice
            self._tools.faults.fail(error)

    def _call_begins(self) -> None:
        self._note_skipped(skipped=self.gradients.check())
        if self.on_call:
            self.on_call()
        # Whatever was replaced since the last step is there now.
        if self.tracer.armed and self.tracer.refresh() and self.recorder is not None:
            self.recorder.refresh(modules_changed=True)

    def _note_skipped(self, *, skipped: bool) -> None:
        if skipped:
            self._tools.faults.note(reports.update_skipped(self.name, self._tools.clock()))

    def _failed(self, part: int, error: Exception) -> None:
        """Stop measuring at a layer, and everything where several fail."""
        let_interrupts_through(error)
        if part in self._failed_parts:
            if self._tools.faults.on_error == "raise":
                raise error
            return
        self._failed_parts.add(part)
        self.tracer.silence(part)
        if len(self._failed_parts) > MOST_FAILED:
            self._tools.faults.fail(error)
        else:
            self._tools.faults.stop(PASSING, error, self.tracer.parts[part].name if self.tracer.parts else self.name)
