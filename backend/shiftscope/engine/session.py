"""One run's measuring: what is due, the networks that are recorded, and the frames that come of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import isfinite
from time import thread_time_ns
from typing import Any

from torch import nn

from shiftscope.engine.due import NOTHING, Due
from shiftscope.engine.faults import Faults
from shiftscope.engine.frame_writer import FrameWriter
from shiftscope.engine.late_frames import LateFrames
from shiftscope.engine.logged import Logged
from shiftscope.engine.network_watch import NetworkWatch
from shiftscope.engine.overhead import OverheadMeter
from shiftscope.engine.probe import Probe
from shiftscope.engine.scheduler import Scheduler
from shiftscope.engine.scope_state import Carried, ScopeState
from shiftscope.engine.streams import LAYERS, STEPS, number_streams
from shiftscope.engine.study import Inputs, Loss
from shiftscope.engine.tools import Given, Tools
from shiftscope.kernels.tensor_memory import OnHost, host_by_environment
from shiftscope.notices import notice
from shiftscope.sinks.base import Sink
from shiftscope.tracing.selection import EVERY_LAYER, Selection

MOST_UPDATES = 100
"""Updates of one network that one step may hold while another network has none: of a critic, say."""

LAST_WAIT = 10.0
"""Seconds for which, at the end, numbers on their way from a device are waited for."""


@dataclass(frozen=True)
class Options:
    """How a run is measured.

    Attributes:
        probes: what is measured.
        scheduler: when.
        total_steps: of the run, where known.
        probe_batch: what the networks are called with to study them, where that was given.
        loss: (outputs, targets) -> a scalar.
        units: single units that are recorded.
        after_step: called when a step is over and the next one may begin; what it raises is raised in the training.
        resume: what was carried here by the scope that measured the steps before.
        selection: which modules are to be layers.
        on_host: whether a tensor is read in the host's memory.
    """

    probes: Sequence[Probe]
    scheduler: Scheduler
    total_steps: int | None = None
    probe_batch: Inputs | None = None
    loss: Loss | None = None
    units: tuple[int, ...] = (0, 1, 2)
    resume: ScopeState = field(default_factory=ScopeState)
    after_step: Callable[[], None] | None = None
    selection: Selection = EVERY_LAYER
    on_host: OnHost = field(default_factory=host_by_environment)


class Session:
    """Measures networks that are trained in step: a step is over when each was updated.

    Attributes:
        step: steps so far.
        due: what is measured at the coming step.
        diverged: the networks that were found not finite, and the step of the first time.
        on_host: returns whether a tensor is read in the host's memory.
        counts_calls: networks whose calls are noticed even where nothing is due, as updates do not show otherwise.
    """

    def __init__(self, networks: Mapping[str, nn.Module], sink: Sink, options: Options, faults: Faults) -> None:
        self._sink, self._options, self._faults = sink, options, faults
        self.on_host = options.on_host
        numbers = number_streams(probe.stream for probe in options.probes)
        self._meter = OverheadMeter([probe.name for probe in options.probes])
        tools = Tools(
            options.probes, numbers, self._meter, faults, options.probe_batch, options.loss, options.units,
            lambda: self.step, options.resume.studies, options.resume.passing, self._may_grow, options.selection,
            options.on_host,
        )  # fmt: skip
        self._watches = {name: NetworkWatch(name, network, tools) for name, network in networks.items()}
        studied = {probe.stream for probe in options.probes if probe.study}
        self._writer = FrameWriter(sink, tuple(networks), numbers, options.total_steps, studied)
        self._writer.go_on_after(int(options.resume.position.get("seq", 0)))
        self._late = LateFrames(self._writer, self._note_divergence)
        self._logged = Logged(tuple(networks), self._writer.given, sink, faults, self._loss_logged)
        self._prepared = NOTHING
        self._silent: set[str] = set()
        self._closed = False
        self.step = options.resume.step
        self.counts_calls: set[str] = set()
        self.diverged: dict[str, int] = dict(options.resume.diverged)
        self.due: Due = NOTHING
        faults.on_failure = self._give_up

    def begin(self, on_call: Callable[[str], None], on_backward_end: Callable[[str], None]) -> None:
        """Watch the networks from now on.

        Args:
            on_call: told of the network whose pass begins and may be the first one after an update.
            on_backward_end: told of the network through which a backward pass has gone.
        """
        for name, watch in self._watches.items():
            watch.on_call = lambda name=name: on_call(name)
            watch.on_backward_end = lambda name=name: on_backward_end(name)
        self.arm()

    def watch_of(self, name: str) -> NetworkWatch:
        """Return what watches a network."""
        return self._watches[name]

    def measure(self, name: str, given: Given) -> None:
        """Measure a network between backward pass and update, if anything is due and there was a pass."""
        watch = self._watches[name]
        if not self.due or self._closed:
            return
        if not (given.updated or watch.seen):  # it comes behind the update whose loss it was given
            numbers = {"loss": given.loss, "accuracy": given.accuracy}
            self.log({key: {name: number} for key, number in numbers.items() if number is not None})
            return
        if self._late and watch.recorder is not None and (watch.explores or watch.recorder.overtakes(given.kept)):
            self._late.write_all()  # what is compared with steps before has to know them
        begin = thread_time_ns()
        count = watch.measure(self.due, self.step, given)
        if count:
            self._note_divergence(name, watch.loss, count, self.step)
        self._meter.inside += thread_time_ns() - begin

    def updated(self, name: str, backward: int | None = None) -> None:
        """Take note that a network was updated; backward passes after the one of that number are of the next update."""
        watch, due = self._watches[name], self.due
        armed = bool(due)
        if armed:
            begin = thread_time_ns()
            watch.finish(due)
            self._meter.inside += thread_time_ns() - begin
        watch.end_update(armed=armed, backward=backward)
        if len(self._watches) == 1 or watch.updates >= MOST_UPDATES or all(w.updates for w in self._watches.values()):
            self._end_step()

    def evaluate(self, metrics: Mapping[str, Mapping[str, float]]) -> None:
        """Write what was found in eval mode, by network and quantity."""
        self._writer.given.evaluation(self.step, metrics)

    def log(self, numbers: Mapping[str, object], given: Sequence[object] = ()) -> None:
        """Keep numbers that are logged by name, now: given without one, in dicts, or as keywords."""
        if self._faults.failed:
            return
        for one in given:
            numbers = {**self._logged.named(one), **numbers}
        self._logged.log(numbers, self.step, first=self._options.resume.step, passed=self._has_run)
        if self._options.after_step and self.diverged:
            self._options.after_step()

    def _has_run(self, name: str, before: bool | None) -> bool | None:
        """Return whether a network has run, or was updated, in the step under way; None where that is not known.

        A pass through which no backward pass has gone yet may be the step's, or one beside it: a number stands there
        where the one `before` stood, and the first one behind the first update where it comes right after that.
        """
        watch = self._watches[name]
        has_run = watch.has_run if self.due or watch.updates else None
        beside = has_run and not watch.updates and not watch.tracer.journal.any_backward
        if before is None and (beside or has_run is None) and self.step == self._options.resume.step + 1:
            return False
        return before if beside and before is not None else has_run

    def state(self, *, same_recording: bool = False) -> ScopeState:
        """Return what is carried to the steps that follow, which the same recording or another one holds."""
        studies = {name: carried for name, watch in self._watches.items() if (carried := watch.carried())}
        passing: dict[str, Carried] = {}
        position: dict[str, Any] = {}
        if same_recording:
            self._late.write_all()
            passing = {name: watch.passing() for name, watch in self._watches.items()}
            position = {"seq": self._writer.seq, **self._options.scheduler.position(self.step)}
        return ScopeState(self.step, dict(self.diverged), studies, passing, position)

    def settle(self) -> None:
        """Write the frames that wait for a device."""
        self._late.write_all()

    def close(self) -> None:
        """Let go of the networks."""
        self._closed = True
        self.due = NOTHING
        for watch in self._watches.values():
            watch.release()

    def write_rest(self) -> None:
        """Write a step that was measured and has not ended, where nothing else would be in the recording."""
        if not self._writer.begun and self.due and any(watch.measured for watch in self._watches.values()):
            for watch in self._watches.values():
                if watch.recorder is None:
                    watch.record_unseen(self.due)
            self._write()
        if self._writer.begun:
            self._write_late_rest()
            self._logged.collect(wait=True)
            self._writer.given.write_logged()
        self._report()

    def ring(self) -> None:
        """Do what is done when a step is over once more, at the end: the last frames may have come only now."""
        if self._options.after_step:
            self._options.after_step()

    def _write_late_rest(self) -> None:
        dropped = self._late.write_rest(LAST_WAIT)
        if dropped:
            self._faults.note(notice("event.late_frames_dropped", count=dropped))

    @property
    def recorded(self) -> bool:
        """Whether anything was."""
        return self._writer.begun

    @property
    def why_nothing(self) -> str:
        """The code of the notice that says what was seen of the networks, where nothing of it could be recorded."""
        tracers = [watch.tracer for watch in self._watches.values()]
        if any(tracer.journal.any_backward for tracer in tracers):
            return "end.no_update"
        called = any(tracer.passes or tracer.journal.calls or tracer.idle_passes for tracer in tracers)
        return "end.no_backward" if called else "end.nothing_seen"

    @property
    def recorded_so_far(self) -> Callable[[], bool]:
        """What returns whether anything was, also when this session and its networks are gone."""
        writer = self._writer
        return lambda: writer.begun

    def arm(self) -> None:
        """Make ready for what is due at the coming step."""
        due = self.due = NOTHING if self._closed or self._faults.failed else self._options.scheduler.due(self.step)
        if due and due != self._prepared:
            self._prepared = due
            self._meter.timing = due.cost
            for watch in self._watches.values():
                watch.prepare(due)
        for name, watch in self._watches.items():
            if due:
                watch.arm()
            else:
                watch.disarm(counting=name in self.counts_calls and not self._closed)

    def _give_up(self) -> None:
        """Let go of everything, as measuring has failed: whatever else fails on the way is no news."""
        self._closed, self.due = True, NOTHING
        for watch in self._watches.values():
            with suppress(Exception):
                watch.release()
        if self._writer.begun:
            # Nothing more may come through, this note either.
            with suppress(Exception):
                self._write_late_rest()
            with suppress(Exception):
                self._report()

    def _end_step(self) -> None:
        was_armed = bool(self.due)
        try:
            if self._late:
                self._late.write_arrived()
            if self.due:
                self._write()
                self._report()
        finally:
            self.step += 1
            for watch in self._watches.values():
                watch.begin_step()
        if self._closed:
            return
        self._meter.steps += 1
        self._sink.progress(self.step)
        self.arm()
        for watch in self._watches.values() if self.due and not was_armed else ():
            watch.gradients.note_used()  # an armed step's update has noted it
        if self._options.after_step:
            self._options.after_step()

    def _write(self) -> None:
        begin = thread_time_ns()
        watches = list(self._watches.values())
        measured = [watch.measured for watch in watches if watch.measured]
        recorders = [watch.recorder for watch in watches if watch.recorder]
        if not measured or len(recorders) < len(watches):
            return
        learning_rate = next((given.learning_rate for given in measured if given.learning_rate is not None), None)
        self._meter.frames += self.due.passing
        if not self._writer.begun:
            sizes = self._writer.begin(recorders, self._meter, learning_rate=learning_rate is not None)
            self._options.scheduler.settle(sizes)
            self._meter.reset()
            self._logged.begun()
        for watch in watches:
            if watch.measured is None:
                watch.blank()
        if self._late and not self._writer.follows(recorders):
            self._late.write_all()  # they are laid out as the rows are now
        self._options.scheduler.wake(self._writer.follow(recorders, self.step), self.step)
        due, absent = self._without_failed(), tuple(recorder.absent for recorder in recorders)
        late = [(watch.name, one) for watch in watches if watch.recorder and (one := watch.recorder.take_late())]
        if due and (late or self._late):
            self._late.add(self._writer.set_aside(due, self.step, learning_rate, absent), late)
        elif due:
            self._writer.write(due, self.step, learning_rate, absent)
        self._meter.inside += thread_time_ns() - begin

    def _report(self) -> None:
        for message in self._faults.take_unreported():
            self._sink.event("note", self.step, message)

    def _may_grow(self) -> bool:
        """Whether there is room for the layouts of one more network that is explored again."""
        watches = self._watches.values()
        return self._writer.may_grow([one.explores for one in watches], [one.recorder for one in watches])

    def _without_failed(self) -> Due:
        """Let the streams whose probes have all failed never be due again; return what is due now without them."""
        if not self._faults.stopped:
            return self.due
        alive = {STEPS, LAYERS}.union(
            probe.stream for probe in self._options.probes if probe.name not in self._faults.stopped
        )
        silent = {probe.stream for probe in self._options.probes} - alive
        if silent == self._silent:
            return self.due
        self._silent = silent
        return self._options.scheduler.drop(silent, self.due)

    def _loss_logged(self, name: str, step: int, loss: float) -> None:
        if name not in self.diverged and not isfinite(loss):
            self._record_divergence(name, loss, 1, step)

    def _note_divergence(self, name: str, loss: float | None, count: float, step: int) -> None:
        if name not in self.diverged:
            self._record_divergence(name, loss, count, step)

    def _record_divergence(self, name: str, loss: float | None, count: float, step: int) -> None:
        self.diverged[name] = step
        wild = loss is not None and not isfinite(loss)
        message = (
            notice("event.loss_not_finite", network=name, step=step, loss=str(loss))
            if wild
            else notice("event.values_not_finite", network=name, step=step, count=round(count))
        )
        self._sink.event("diverged", step, message, network=name)
