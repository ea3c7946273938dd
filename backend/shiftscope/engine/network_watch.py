"""One network while it is watched: from its first pass, which is explored, to its last update."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from shiftscope.engine import reports
from shiftscope.engine.clipping import total_norm
from shiftscope.engine.due import Due
from shiftscope.engine.exploring import Curious, Exploring
from shiftscope.engine.faults import PASSING, let_interrupts_through
from shiftscope.engine.kept_parameters import Used
from shiftscope.engine.network import DEFAULT_SITES, TracedNetwork
from shiftscope.engine.network_recorder import NetworkRecorder, SetupError
from shiftscope.engine.probe import Need
from shiftscope.engine.reading import Reading
from shiftscope.engine.scope_state import Carried
from shiftscope.engine.study import Inputs, RunInputs, TrainingStep
from shiftscope.engine.tools import Given, Tools
from shiftscope.engine.without_backward import WithoutBackward
from shiftscope.tracing.journal import Confirmed
from shiftscope.tracing.thrown_away import GradientWatch
from shiftscope.tracing.tracer import PartObserver, Tracer
from shiftscope.tracing.uncompiled import Uncompiled

MOST_FAILED = 2
"""Parts at which measuring may fail before everything is given up: then it is no business of theirs."""

_queue_callback = torch.autograd.Variable._execution_engine.queue_callback


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
        self._functions = True
        self._hides = False
        self._uncompiled: Uncompiled | None = None
        self.tracer = Tracer(network, self._failed, selection=tools.selection)
        self.gradients = GradientWatch(network)
        self.without_backward = WithoutBackward(network, self.tracer, self.gradients)
        self.on_backward_end: Callable[[], None] | None = None
        self.on_call: Callable[[], None] | None = None
        self.leads: Sequence[Collection[int]] = ()
        self.tracer.journal.on_backward = self._backward_begins
        self.tracer.journal.failed = tools.faults.fail
        self.tracer.on_call = self._call_begins
        gradients = any(Need.ACTIVATION_GRADIENTS in probe.needs for probe in tools.probes)
        self._clips = [probe.name for probe in tools.probes if Need.UNCLIPPED in probe.needs]
        self._unclipped: Tensor | None = None
        self._exploring = Exploring(self.tracer, gradients=gradients, may_grow=tools.may_grow)
        self._before: NetworkRecorder | None = None
        self.tracer.observe_with(self._observer)
        self._step: TrainingStep | None = None
        self._runs_before = 0
        counted = tools.passing.get(name, {})
        self.gradients.skipped, self.unseen = counted.get("skipped", 0), counted.get("unseen", 0)
        self.tracer.failed_passes = counted.get("failed", 0)

    def measure(self, due: Due, step: int, given: Given) -> float:
        """Measure the network as the update will find it; again, if it was measured at this step before.

        Returns how many numbers are NaN or infinite.
        """
        self.measured = given
        if self.recorder is not None:
            self.recorder.refresh(modules_changed=False)
        if self._exploring.explorer is not None:
            self._observe()  # it may have been compiled since it is watched
        confirmed = self._seen_uncompiled(self.without_backward.passed(self.tracer.journal.confirmed()))
        self.micro_batches = confirmed.micro_batches
        if self.recorder is None or self._exploring.explorer is not None:
            self._record(due, confirmed, given)
        else:
            self._exploring.note(confirmed.calls)
        if not confirmed.calls and self.tracer.last_pass is None and self.tracer.find_wrapper():
            self._exploring.appear()
        recorder = self._existing()
        count = recorder.measure(due, self._reading(confirmed, given)) if due.passing else 0.0
        if due.studying:
            targets = given.batch[1] if given.batch else None
            used = Used(given.scales, given.kept)
            self._step = TrainingStep(step, self._inputs(given), targets, given.learning_rate, used)
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
        if self._exploring.end_step():
            self._before = self.recorder
            self.tracer.functions = self._functions or self._exploring.curious or self._exploring.explorer is not None
            self.tracer.observe_with(None if self._hides else self._observer)
        if backward is not None:
            self.tracer.journal.forget_backward(backward)
        else:
            if self.recorder is not None:
                self.recorder.slots.clear()
            self.tracer.clear()
        self.gradients.clear()
        self._unclipped = None

    def begin_step(self) -> None:
        """Begin a step of the run: whatever ran so far was of those before, after this network's update too."""
        self.updates, self.measured, self._runs_before = 0, None, self._runs

    @property
    def has_run(self) -> bool | None:
        """Whether the network has run, or was updated, in the step of the run under way; None where none shows."""
        return self.updates > 0 or self._runs > self._runs_before or (False if self._runs else None)

    @property
    def _runs(self) -> int:
        """How many passes were seen so far, and calls of parts, of which compiled code shows none."""
        return self.tracer.passes + self.tracer.journal.calls

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
            self.without_backward.updated()
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
        if not self.tracer.journal.any_call:
            self._grow()
        self._observe()
        self.tracer.arm()

    def _grow(self) -> None:
        """Explore the network again, where it has layers that it had not when its parts were listed."""
        if self._exploring.grow():
            self._before, self._uncompiled = self.recorder, None
            self.tracer.functions = True
            self.tracer.observe_with(None if self._hides else self._observer)

    @property
    def loss(self) -> float | None:
        """The loss that was given for the step that was measured last, as far as it is known yet."""
        return None if self.recorder is None else self.recorder.loss

    @property
    def explores(self) -> bool:
        """Whether its layers are explored at the step under way or the next one."""
        return self._exploring.explorer is not None

    @property
    def _observer(self) -> PartObserver | None:
        """Who is shown what passes the parts."""
        if self._exploring.explorer is not None or self.recorder is None:
            return self._exploring.explorer
        return Curious(self.recorder.slots) if self._exploring.curious else self.recorder.slots

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

    def passing(self) -> Carried:
        """Return what the steps that follow in this recording are compared with, and what was counted so far."""
        counted = {
            "skipped": self.gradients.skipped, "unseen": self.unseen, "failed": self.tracer.failed_passes,
        }  # fmt: skip
        before = self._tools.passing.get(self.name, {}).get("batches")
        batches = before if self.recorder is None else self.recorder.passing()
        return counted if batches is None else {**counted, "batches": batches}

    def record_unseen(self, due: Due) -> None:
        """Make a recorder for a network of which no update was seen."""
        self._record(due, self.tracer.journal.confirmed(), Given())

    def release(self) -> None:
        """Let go of the network."""
        self.tracer.disarm()
        self.tracer.clear()
        self.gradients.clear()
        self._exploring.forget()

    def _existing(self) -> NetworkRecorder:
        if self.recorder is None:
            raise RuntimeError(f"{self.name} was not measured yet")
        return self.recorder

    def _reading(self, confirmed: Confirmed, given: Given) -> Reading:
        return Reading(
            given.loss, given.accuracy, confirmed, given.scales, self.gradients.skipped, self.unseen,
            self.tracer.failed_passes, given.kept, given.rates, self._unclipped,
            given.updated,
        )  # fmt: skip

    def _inputs(self, given: Given) -> Inputs:
        last = self.tracer.last_pass
        if given.batch is not None:
            return Inputs.given(given.batch[0])
        return Inputs() if last is None else Inputs(last.arguments, last.keywords)

    def _record(self, due: Due, confirmed: Confirmed, given: Given) -> None:
        """Set all probes up for a network whose first step was explored; one that fails is left out."""
        tools = self._tools
        exploration = self._exploring.result(confirmed.calls)
        batch = tools.probe_batch
        if batch is not None and self.tracer.last_pass is not None:
            batch = replace(batch, beside=self._inputs(given).in_words)
        there = RunInputs(
            tools.loss, batch, given.batch is not None, given.learning_rate is not None, tools.units
        )  # fmt: skip
        sites = dict.fromkeys(DEFAULT_SITES, "")
        for probe in tools.probes:
            for site in sorted(probe.sites):
                sites.setdefault(site, probe.name)
        used = any(part.function for layer in exploration.layers for part in layer.parts if not layer.are_weights)
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
            tools.selection,
            on_host=tools.on_host,
            found=tuple(self.tracer.found),
        )
        said = (("loss", given.loss), ("accuracy", given.accuracy))
        scalars = {quantity for quantity, value in said if value is not None}
        while True:
            probes = [probe for probe in tools.probes if probe.name not in tools.faults.stopped]
            try:
                self.recorder = NetworkRecorder(
                    network, exploration, probes=probes, given=there, scalars=scalars, numbers=tools.numbers,
                    meter=tools.meter, faults=tools.faults, failed=self._failed, trained=self.tracer.trained_parameter,
                    groups=len(given.rates),
                )  # fmt: skip
            except SetupError as error:
                tools.faults.stop(error.probe, error.error)
            else:
                break
        self.recorder.carry_on(tools.carried.get(self.name, {}) if self._before is None else self._before.carried())
        batches = tools.passing.get(self.name, {}).get("batches")
        if batches is not None and self._before is None:
            self.recorder.carry_on_passing(batches)
        if self._before is not None:
            self.recorder.inherit(self._before)
        self.recorder.prepare(due)

    def _backward_begins(self) -> None:
        """Wait for the end of the backward pass, and there for what others have queued later.

        A wrapper that averages the gradients of several processes does so in a callback of its own.
        """
        _queue_callback(self._backward_ends)

    def _backward_ends(self) -> None:
        try:
            _queue_callback(self._backward_ended)
        except Exception as error:  # noqa: BLE001  reported: the training must not notice
            self._tools.faults.fail(error)

    def _backward_ended(self) -> None:
        """Note the gradients as a backward pass leaves them; torch calls this at its end."""
        try:
            self._note_skipped(skipped=self.gradients.backward_ended())
            self._note_norm()
            if self.on_backward_end:
                self.on_backward_end()
        except Exception as error:  # noqa: BLE001  reported: the training must not notice
            self._tools.faults.fail(error)

    def _note_norm(self) -> None:
        """Note the norm of all gradients, for probes that compare it with what the update uses."""
        self._unclipped = None
        for probe in self._clips if self.tracer.armed else ():
            if self._unclipped is None and probe not in self._tools.faults.stopped:
                with self._tools.faults.caught(probe):
                    self._unclipped = total_norm(self._network.parameters())

    def _call_begins(self) -> None:
        self._note_skipped(skipped=self.gradients.check())
        if self.on_call:
            self.on_call()
        # Whatever was replaced since the last step is there now.
        if self.tracer.armed and self.tracer.refresh() and self.recorder is not None:
            self.recorder.refresh(modules_changed=True)
        if self.tracer.armed and self.tracer.begins_pass and not self.tracer.journal.any_call:
            self._grow()

    def _note_skipped(self, *, skipped: bool) -> None:
        if skipped:
            self._tools.faults.note(reports.update_skipped(self.name, self._tools.clock()))

    def _failed(self, part: int | None, error: Exception) -> None:
        """Stop measuring at a layer, and everything where several fail."""
        let_interrupts_through(error)
        if part is None:
            self._tools.faults.stop(PASSING, error, self.name)
            return
        if self.tracer.is_silent(part):
            if self._tools.faults.on_error == "raise":
                raise error
            return
        self.tracer.silence(part)
        if self.tracer.silenced > MOST_FAILED:
            self._tools.faults.fail(error)
        else:
            self._tools.faults.stop(PASSING, error, self.tracer.parts[part].name if self.tracer.parts else self.name)
