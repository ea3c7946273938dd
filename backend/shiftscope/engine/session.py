"""One run's measuring: what is due, the networks that are recorded, and the frames that come of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from time import thread_time_ns

from torch import Tensor, nn

from shiftscope.engine.due import NOTHING, Due
from shiftscope.engine.faults import Faults
from shiftscope.engine.frame_writer import FrameWriter
from shiftscope.engine.network import DEFAULT_SITES, TracedNetwork
from shiftscope.engine.network_recorder import NetworkRecorder, SetupError
from shiftscope.engine.overhead import OverheadMeter
from shiftscope.engine.probe import Need, Probe
from shiftscope.engine.scheduler import Scheduler
from shiftscope.engine.streams import LAYERS, STEPS, number_streams
from shiftscope.engine.study import Loss, RunInputs, TrainingStep
from shiftscope.notices import notice
from shiftscope.sinks.base import Sink
from shiftscope.tracing.errors import WatchError
from shiftscope.tracing.explorer import Exploration, Explorer
from shiftscope.tracing.forward_patch import ForwardPatch
from shiftscope.tracing.layers import find_parts

Batch = tuple[Tensor, Tensor]
"""Inputs and targets."""


@dataclass(frozen=True)
class Options:
    """How a run is measured.

    Attributes:
        probes: what is measured.
        scheduler: when.
        total_steps: of the run, where known.
        probe_batch: fixed inputs; by default those of the first step.
        loss: (outputs, targets) -> a scalar.
        units: single units that are recorded.
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
        due: what is measured at the coming step.
        diverged: the networks that were found not finite, and the step of the first time.
    """

    def __init__(self, networks: Mapping[str, nn.Module], sink: Sink, options: Options) -> None:
        self._networks, self._sink, self._options = networks, sink, options
        self._explorers: dict[str, Explorer] = {}
        self._patches = {name: self._patch(name, module) for name, module in networks.items()}
        self._numbers = number_streams(probe.stream for probe in options.probes)
        self._meter = OverheadMeter([probe.name for probe in options.probes])
        self._faults = Faults()
        self._writer = FrameWriter(sink, tuple(networks), self._numbers, options.total_steps)
        self._recorders: dict[str, NetworkRecorder] = {}
        self._measured: dict[str, float | None] = {}
        self._training_steps: dict[str, TrainingStep] = {}
        self._probe_batch = options.probe_batch
        self._updated: set[str] = set()
        self._prepared = NOTHING
        self._silent: set[str] = set()
        self._closed = False
        self.step = 0
        self.diverged: dict[str, int] = {}
        self.due: Due = NOTHING
        self._arm()

    def measure(
        self, name: str, loss: float | None, accuracy: float | None, batch: Batch | None, learning_rate: float | None
    ) -> None:
        """Measure a network between backward pass and update, unless it was; something must be due."""
        if name in self._measured:
            return
        begin = thread_time_ns()
        patch, recorder = self._patches[name], self._recorders.get(name)
        if recorder is None:
            scalars = {quantity for quantity, value in (("loss", loss), ("accuracy", accuracy)) if value is not None}
            recorder = self._recorders[name] = self._new_recorder(name, scalars, batch, learning_rate)
        if self.due.passing:
            count = recorder.measure(self.due, loss, accuracy)
            if count and name not in self.diverged:
                self._record_divergence(name, loss, count)
        if self.due.studying:
            inputs, targets = batch or (patch.first_input, None)
            step = self._training_steps[name] = TrainingStep(self.step, inputs, targets, learning_rate)
            recorder.begin_studies(step)
        patch.clear()
        self._measured[name] = learning_rate
        self._meter.inside += thread_time_ns() - begin

    def updated(self, names: Sequence[str]) -> None:
        """Take note that networks were updated. The step is over when all were.

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
                self._write()
        finally:
            self.step += 1
        self._meter.steps += 1
        self._sink.progress(self.step)
        self._arm()

    def evaluate(self, metrics: Mapping[str, Mapping[str, float]]) -> None:
        """Write what was found in eval mode, by network and quantity."""
        self._writer.evaluation(self.step, metrics)

    def close(self) -> None:
        """Let go of the networks."""
        self._closed = True
        self.due = NOTHING
        self._remove()

    def _patch(self, name: str, network: nn.Module) -> ForwardPatch:
        parts = find_parts(network)
        if not any(part.kind == "linear" for part in parts):
            raise WatchError(f"{name} ({type(network).__name__}) has no linear map or convolution to look at")
        gradients = any(Need.ACTIVATION_GRADIENTS in probe.needs for probe in self._options.probes)
        explorer = self._explorers[name] = Explorer(parts, gradients=gradients)
        return ForwardPatch(network, parts, explorer)

    def _new_recorder(
        self, name: str, scalars: set[str], batch: Batch | None, learning_rate: float | None
    ) -> NetworkRecorder:
        """Set all probes up for a network whose first pass was explored; one that fails is left out."""
        options, exploration = self._options, self._explorers[name].result()
        if self._probe_batch is None and any(Need.PROBE_BATCH in probe.needs for probe in options.probes):
            inputs = batch[0] if batch else self._patches[name].first_input
            self._probe_batch = inputs.detach().clone()
        given = RunInputs(
            options.loss, self._probe_batch, batch is not None, learning_rate is not None, options.units
        )  # fmt: skip
        network = self._traced(name, exploration)
        while True:
            probes = [probe for probe in options.probes if probe.name not in self._faults.stopped]
            try:
                made = NetworkRecorder(
                    network, exploration, probes=probes, given=given, scalars=scalars, numbers=self._numbers,
                    meter=self._meter, faults=self._faults,
                )  # fmt: skip
            except SetupError as error:
                self._faults.stop(error.probe, error.error)
            else:
                break
        exploration.forget()
        del self._explorers[name]
        made.prepare(self.due)
        return made

    def _traced(self, name: str, exploration: Exploration) -> TracedNetwork:
        sites = dict.fromkeys(DEFAULT_SITES, "")
        for probe in self._options.probes:
            for site in sorted(probe.sites):
                sites.setdefault(site, probe.name)
        return TracedNetwork(
            name, self._networks[name], self._patches[name], exploration.layers, exploration.order,
            exploration.overwriting, sites, self._options.units,
        )  # fmt: skip

    def _finish(self, name: str) -> None:
        if name not in self._measured:
            raise WatchError(
                f"step {self.step} is due, but measure() was not called between its backward pass and its update"
            )
        if self.due.passing:
            self._recorders[name].finish()
        if self.due.studying:
            self._recorders[name].finish_studies(self._training_steps.pop(name))

    def _write(self) -> None:
        begin = thread_time_ns()
        learning_rate = next(iter(self._measured.values()))
        self._measured.clear()
        self._meter.frames += self.due.passing
        if not self._writer.begun:
            recorders = [self._recorders[name] for name in self._networks]
            sizes = self._writer.begin(recorders, self._meter, learning_rate=learning_rate is not None)
            self._options.scheduler.settle(sizes)
            self._meter.reset()
        due = self._without_failed()
        if due:
            self._writer.write(due, self.step, learning_rate)
        for message in self._faults.take_unreported():
            self._sink.event("note", self.step, message)
        self._meter.inside += thread_time_ns() - begin

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

    def _arm(self) -> None:
        due = self._options.scheduler.due(self.step)
        if due == self.due:
            return
        self.due = due
        if not due:
            self._remove()
            return
        if due != self._prepared:
            self._prepared = due
            self._meter.timing = due.cost
            for recorder in self._recorders.values():
                recorder.prepare(due)
        for name, patch in self._patches.items():
            patch.install(parts=due.passing or name in self._explorers)

    def _remove(self) -> None:
        for patch in self._patches.values():
            patch.remove()
        for explorer in self._explorers.values():
            explorer.forget()

    def _record_divergence(self, name: str, loss: float | None, count: float) -> None:
        self.diverged[name] = self.step
        wild = loss is not None and not isfinite(loss)
        message = (
            notice("event.loss_not_finite", network=name, step=self.step, loss=str(loss))
            if wild
            else notice("event.values_not_finite", network=name, step=self.step, count=round(count))
        )
        self._sink.event("diverged", self.step, message, network=name)
