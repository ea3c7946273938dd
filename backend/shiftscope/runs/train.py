"""One run from its config to its end, wherever its frames go: what the worker and `shiftscope train` share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from torch.nn.functional import cross_entropy

from shiftscope.config import Intervention, RunConfig, Thinning
from shiftscope.engine import schedules
from shiftscope.experiments.experiment import Claim
from shiftscope.experiments.figures import as_event_value
from shiftscope.lab.data.datasets import load
from shiftscope.lab.training.checkpoint import Checkpoint
from shiftscope.lab.training.replicas import LeadTraining
from shiftscope.notices import Notice, notice
from shiftscope.probes.registry import study_schedules
from shiftscope.runs.checkpoints import (
    Before,
    Checkpoints,
    Deposit,
    Parts,
    deposit_for_another,
    first_step,
    go_on,
    going_on,
)
from shiftscope.runs.claims import figures, measurement_class
from shiftscope.runs.controls import Controls
from shiftscope.runs.replica_statistics import REPLICAS, replica_statistics
from shiftscope.runs.replicas import training_of
from shiftscope.runs.samples import followed_samples
from shiftscope.scope import watch
from shiftscope.sinks.base import Sink
from shiftscope.sinks.memory import MemorySink
from shiftscope.wire.assignment import Applied
from shiftscope.wire.messages import EndState


class StoppedEarly(Exception):
    """The run was stopped before it began to train."""


@dataclass(frozen=True)
class Keeping:
    """What keeps a run's states.

    Attributes:
        deposit: those that are asked for, for other runs to go on from.
        checkpoints: the run's own, every so many steps.
    """

    deposit: Deposit | None = None
    checkpoints: Checkpoints | None = None


def train(  # noqa: PLR0913  all but the first two are keywords
    config: RunConfig,
    sink: Sink,
    *,
    datasets: Path,
    controls: Controls,
    waiting: Callable[[Notice, float | None], None],
    claim: Claim | None = None,
    mirrors: Sequence[str] = (),
    state: Checkpoint | None = None,
    keeping: Keeping | None = None,
) -> tuple[EndState, Notice]:
    """Train a run to its end, send what its scope sees to the sink, and return the state in which it ended and why.

    `waiting` is given, before training begins, what the run waits for and how far that is (0 to 1, None if unknown).
    `mirrors` are where data sets are fetched from, instead of the known places.
    `claim` is what the run is made for; a run that finishes records what the verdict rests on as an event "measured".
    `state` is what it goes on from: a state of its own, as it was, or that of another run, with the config's learning
    rate. `keeping` is what keeps its states, where anything does.

    Raises:
        CheckpointError: the state cannot be read, or is not of this config.
        DatasetError: the data are missing or damaged.
        SinkError: the sink takes no more.
        StoppedEarly: the run was stopped before it began to train.
    """

    def unless_stopped() -> None:
        if controls.stopped:
            raise StoppedEarly

    def waiting_unless_stopped(message: Notice, fraction: float | None) -> None:
        unless_stopped()
        waiting(message, fraction)

    waiting_unless_stopped(notice("wait.data"), None)
    data = load(config.dataset, datasets, waiting_unless_stopped, mirrors)
    waiting_unless_stopped(notice("wait.networks"), None)
    if config.replicas > 1:
        waiting_unless_stopped(notice("wait.replicas", count=config.replicas - 1), None)
    with training_of(config, data, datasets, unless_stopped) as training:
        measurement = measurement_class(claim)(config, training, data)
        recorded = MemorySink(sink)
        before = go_on(training, measurement, recorded, state) if state else Before()
        first = schedules.never() if before.own else schedules.at(before.scope.step)
        shared = [replica_statistics(training)] if isinstance(training, LeadTraining) else []
        streams = studies_of(config) | ({REPLICAS: schedule_of(config)} if shared else {})
        with going_on(training.steps_done) if state else nullcontext():
            scope = watch(
                training.networks,
                to=recorded if claim else sink,
                schedule=schedule_of(config) | first,
                schedules={stream: study | first for stream, study in streams.items()},
                total_steps=training.total_steps,
                probe_batch=training.probe_batch,
                probes=[config.probes, *shared],
                # Who has a share of each batch cannot study alone what all make of it.
                loss=None if shared else cross_entropy,
                on_error="raise",
                resume=before.scope,
            )
        if not state:
            sink.event("samples", 0, "", value=followed_samples(config, training))
        steps = _Steps(config, Parts(training, scope, measurement, recorded), controls, sink, keeping or Keeping())
        ended, reason = steps.to_end(begun=before.own)
        if claim and ended == "finished":
            value = as_event_value(figures(claim, recorded, measurement), measurement.data())
            sink.event("measured", training.steps_done, "", value=value)
        scope.close(ended, reason)
        return ended, reason


def schedule_of(config: RunConfig) -> schedules.Schedule:
    """Return when to record: what the config says, and always the first step and the last."""
    last = config.total_steps - 1
    if isinstance(config.recording, Thinning):
        return schedules.thinning(config.total_steps, config.recording.frames)
    return schedules.every(config.recording.every) | schedules.at(last)


def studies_of(config: RunConfig) -> dict[str, schedules.Schedule]:
    """Return when to do studies: as often as the config says, and where more frames are kept, as often as for those."""
    recording = config.recording
    kept = recording.frames if isinstance(recording, Thinning) else 0
    return study_schedules(config.total_steps, max(recording.studies, kept))


class _Steps:
    """The steps of a run: what is changed, kept, measured and evaluated between them."""

    def __init__(self, config: RunConfig, parts: Parts, controls: Controls, sink: Sink, keeping: Keeping) -> None:
        self._config, self._parts, self._controls, self._sink = config, parts, controls, sink
        self._training, self._scope, self._keeping = parts.training, parts.scope, keeping
        self._known: float | None = None

    def to_end(self, *, begun: bool) -> tuple[EndState, Notice]:
        """Do the steps; return the state in which the run ends and why. `begun`: they follow on others of the run."""
        training, controls = self._training, self._controls
        if begun:
            self._known = training.learning_rate
        else:
            self._change()
            self._evaluate()
        start = training.steps_done
        while training.steps_done < training.total_steps:
            if training.steps_done > start:
                self._keep()
            if not controls.proceed(self._sink.flush, self._save, training.steps_done):
                return "stopped", notice("end.stopped_at", done=training.steps_done, total=training.total_steps)
            with first_step() if start == training.steps_done > 0 else nullcontext():
                self._change()
                self._step()
            if training.steps_done == training.total_steps:
                self._scope.settle()
            if self._scope.diverged and self._config.on_divergence == "stop":
                name, step = next(iter(self._scope.diverged.items()))
                return "stopped", notice("end.on_divergence", network=name, step=step)
        return "finished", Notice(text="")

    def _step(self) -> None:
        training, scope, measurement = self._training, self._scope, self._parts.measurement
        result = training.compute()
        scope.measure(
            result.losses,
            accuracies=result.accuracies,
            learning_rate=training.learning_rate,
            batch=(result.inputs, result.labels),
        )
        measurement.before_update(result)
        training.update()
        scope.step()
        if training.at_epoch_end() or training.steps_done == training.total_steps:
            self._evaluate()

    def _change(self) -> None:
        """Take up what is another from the coming step on, and record that: who asked for it knows no step of it."""
        training = self._training
        for change in self._controls.take_changes(training.steps_done):
            if change.learning_rate is not None:
                training.set_learning_rate(change.learning_rate)
            new = {name: done for name, done in change.networks.items() if training.interventions.get(name) != done}
            for name, done in new.items():
                training.intervene(name, done)
            self._record(new)
        self._record({})

    def _record(self, networks: Mapping[str, Intervention]) -> None:
        rate, step = self._training.learning_rate, self._training.steps_done
        first = self._known is None and self._keeping.checkpoints is None  # nobody goes on from that
        known, self._known = self._known, rate
        if not networks and (first or known == rate):
            return
        applied = Applied(step=step, learning_rate=rate, networks=dict(networks))
        self._sink.event("applied", step, "", value=applied.model_dump(mode="json"))

    def _keep(self) -> None:
        checkpoints = self._keeping.checkpoints
        if checkpoints is not None and self._scope.recorded and checkpoints.due(self._training.steps_done):
            checkpoints.keep(self._parts)

    def _save(self, name: str) -> None:
        if self._keeping.deposit is not None:
            deposit_for_another(self._parts, self._sink, self._keeping.deposit, name)

    def _evaluate(self) -> None:
        self._scope.evaluate(self._training.evaluate())
        self._parts.measurement.evaluated()
