"""One run's measuring: what is due, the networks that are recorded, and the frames that come of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from time import thread_time_ns

from torch import Tensor, nn

from shiftscope.engine.frame_writer import FrameWriter
from shiftscope.engine.network_recorder import NetworkRecorder
from shiftscope.engine.overhead import OverheadMeter
from shiftscope.engine.probe import Probe
from shiftscope.engine.scheduler import Scheduler
from shiftscope.engine.streams import PASSING, Stream
from shiftscope.engine.study import Loss, RunInputs, TrainingStep
from shiftscope.sinks.base import Sink
from shiftscope.tracing.forward_patch import Tap, WatchError
from shiftscope.tracing.layers import find_parts


@dataclass(frozen=True)
class Options:
    """How a run is measured.

    Attributes:
        probes: what is measured.
        scheduler: when.
        total_steps: of the run, where known.
        probe_batch: fixed inputs; by default those of the first step.
        loss: (outputs, targets) -> a scalar.
        units: single units that are looked at.
    """

    probes: Sequence[Probe]
    scheduler: Scheduler
    total_steps: int | None = None
    probe_batch: Tensor | None = None
    loss: Loss | None = None
    units: tuple[int, ...] = (0, 1, 2)


class Session:
    """Measures networks that are trained in step.

    Attributes:
        step: updates so far.
        diverged: the networks that were found not finite, and the step of the first time.
    """

    def __init__(self, networks: Mapping[str, nn.Module], sink: Sink, options: Options) -> None:
        self._networks, self._sink, self._options = networks, sink, options
        self._taps = {name: _tap(name, module, options.probes) for name, module in networks.items()}
        self._meter = OverheadMeter([probe.name for probe in options.probes])
        self._writer = FrameWriter(sink, tuple(networks), options.total_steps)
        self._recorders: dict[str, NetworkRecorder] = {}
        self._measured: dict[str, float | None] = {}
        self._training_steps: dict[str, TrainingStep] = {}
        self._probe_batch = options.probe_batch
        self._updated: set[str] = set()
        self._prepared: frozenset[Stream] | None = None
        self._passing = self._studying = self._closed = False
        self.step = 0
        self.diverged: dict[str, int] = {}
        self.due: frozenset[Stream] = frozenset()
        self._arm()

    def measure(
        self,
        name: str,
        loss: float | None,
        accuracy: float | None,
        batch: tuple[Tensor, Tensor] | None,
        learning_rate: float | None,
    ) -> None:
        """Measure a network between backward pass and update, unless it was; something must be due."""
        if name in self._measured:
            return
        begin = thread_time_ns()
        tap, recorder = self._taps[name], self._recorders.get(name)
        if recorder is None:
            recorder = self._record(name, loss, accuracy, batch, learning_rate)
        if self._passing:
            count = recorder.measure(self.due, loss, accuracy)
            if count and name not in self.diverged:
                self._tell_divergence(name, loss, count)
        if self._studying:
            inputs, targets = batch or (tap.first_input, None)
            step = self._training_steps[name] = TrainingStep(self.step, inputs, targets, learning_rate)
            recorder.begin_studies(step)
        tap.clear()
        self._measured[name] = learning_rate
        self._meter.inside += thread_time_ns() - begin

    def updated(self, names: Sequence[str]) -> None:
        """Say that networks were updated. The step is over when all were.

        Raises:
            WatchError: the step is due but they were not measured.
        """
        if self._closed:
            self.step += len(names) == len(self._networks)
            return
        if self.due:
            begin = thread_time_ns()
            for name in names:
                self._finish(name)
            self._meter.inside += thread_time_ns() - begin
        if len(names) < len(self._networks):
            self._updated.update(names)
            if len(self._updated) < len(self._networks):
                return
            self._updated.clear()
        try:
            if self.due:
                self._send()
        finally:
            self.step += 1
        self._meter.steps += 1
        self._sink.progress(self.step)
        self._arm()

    def evaluate(self, metrics: Mapping[str, Mapping[str, float]]) -> None:
        """Send what was found in eval mode, by network and quantity."""
        self._writer.evaluation(self.step, metrics)

    def close(self) -> None:
        """Let go of the networks."""
        self._closed = True
        self.due = frozenset()
        for tap in self._taps.values():
            tap.disarm()

    def _record(
        self,
        name: str,
        loss: float | None,
        accuracy: float | None,
        batch: tuple[Tensor, Tensor] | None,
        learning_rate: float | None,
    ) -> NetworkRecorder:
        if self._probe_batch is None:
            inputs = batch[0] if batch else self._taps[name].first_input
            self._probe_batch = inputs.detach().clone()
        options = self._options
        given = RunInputs(
            options.loss, self._probe_batch, batch is not None, learning_rate is not None, options.units
        )  # fmt: skip
        scalars = {quantity for quantity, value in (("loss", loss), ("accuracy", accuracy)) if value is not None}
        made = NetworkRecorder(
            name, self._networks[name], self._taps[name], options.probes, given, scalars, self._meter
        )  # fmt: skip
        made.prepare(self.due)
        self._recorders[name] = made
        return made

    def _finish(self, name: str) -> None:
        if name not in self._measured:
            raise WatchError(
                f"step {self.step} is due, but measure() was not called between its backward pass and its update"
            )
        if self._passing:
            self._recorders[name].finish()
        if self._studying:
            self._recorders[name].finish_studies(self._training_steps.pop(name))

    def _send(self) -> None:
        begin = thread_time_ns()
        learning_rate = next(iter(self._measured.values()))
        self._measured.clear()
        self._meter.frames += self._passing
        if not self._writer.begun:
            recorders = [self._recorders[name] for name in self._networks]
            sizes = self._writer.begin(recorders, self._meter, learning_rate=learning_rate is not None)
            self._options.scheduler.settle(sizes)
            self._meter.reset()
        self._writer.send(self.due, self.step, learning_rate)
        self._meter.inside += thread_time_ns() - begin

    def _arm(self) -> None:
        due = self._options.scheduler.due(self.step)
        if due is self.due:
            return
        if due:
            if due is not self._prepared:
                self._prepare(due)
            for tap in self._taps.values():
                tap.arm(look=self._passing)
        elif self.due:
            for tap in self._taps.values():
                tap.disarm()
        self.due = due

    def _prepare(self, due: frozenset[Stream]) -> None:
        self._prepared = due
        self._passing, self._studying = Stream.STEPS in due, not due <= PASSING | {Stream.COST}
        self._meter.time_pieces(on=Stream.COST in due)
        for recorder in self._recorders.values():
            recorder.prepare(due)

    def _tell_divergence(self, name: str, loss: float | None, count: float) -> None:
        self.diverged[name] = self.step
        wild = loss is not None and not isfinite(loss)
        what = f"its loss is {loss}" if wild else f"{count:.0f} values are not finite"
        self._sink.event("diverged", self.step, f"{name} diverged at step {self.step}: {what}", network=name)


def _tap(name: str, network: nn.Module, probes: Sequence[Probe]) -> Tap:
    parts = find_parts(network)
    if not any(part.kind == "linear" for part in parts):
        raise WatchError(f"{name} ({type(network).__name__}) has no linear map or convolution to look at")
    return Tap(network, parts, gradients=any(probe.activation_gradients for probe in probes))
