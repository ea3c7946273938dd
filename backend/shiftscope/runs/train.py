"""One run from its config to its end, wherever its frames go: what the worker and `shiftscope train` share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from torch.nn.functional import cross_entropy

from shiftscope.config import RunConfig, Thinning
from shiftscope.engine import schedules
from shiftscope.engine.scope_state import ScopeState
from shiftscope.experiments.experiment import Claim
from shiftscope.experiments.figures import as_event_value
from shiftscope.lab.data.datasets import load
from shiftscope.lab.measurements.base import Measurement
from shiftscope.lab.training.loop import Training
from shiftscope.notices import Notice, notice
from shiftscope.probes.registry import study_schedules
from shiftscope.runs.checkpoints import go_on, write_checkpoint
from shiftscope.runs.claims import figures, measurement_class
from shiftscope.runs.controls import Controls
from shiftscope.runs.samples import followed_samples
from shiftscope.scope import Scope, watch
from shiftscope.sinks.base import Sink
from shiftscope.sinks.memory import MemorySink
from shiftscope.wire.messages import EndState


class StoppedEarly(Exception):
    """The run was stopped before it began to train."""


def train(  # noqa: PLR0913  all but the first two are keywords
    config: RunConfig,
    sink: Sink,
    *,
    datasets: Path,
    controls: Controls,
    waiting: Callable[[Notice, float | None], None],
    claim: Claim | None = None,
    mirrors: Sequence[str] = (),
    checkpoint: Path | None = None,
) -> tuple[EndState, Notice]:
    """Train a run to its end, send what its scope sees to the sink, and return the state in which it ended and why.

    `waiting` is given, before training begins, what the run waits for and how far that is (0 to 1, None if unknown).
    `mirrors` are where data sets are fetched from, instead of the known places.
    `claim` is what the run is made for; a run that finishes records what the verdict rests on as an event "measured".
    `checkpoint` is what it goes on from, with the config's learning rate.

    Raises:
        OSError, CheckpointError: the checkpoint cannot be read, or is not of this config.
        DatasetError: the data are missing or damaged.
        SinkError: the sink takes no more.
        StoppedEarly: the run was stopped before it began to train.
    """

    def waiting_unless_stopped(message: Notice, fraction: float | None) -> None:
        if controls.stopped:
            raise StoppedEarly
        waiting(message, fraction)

    waiting_unless_stopped(notice("wait.data"), None)
    data = load(config.dataset, datasets, waiting_unless_stopped, mirrors)
    waiting_unless_stopped(notice("wait.networks"), None)
    training = Training(config, data)
    before = go_on(training, checkpoint) if checkpoint else ScopeState()
    first = schedules.at(before.step)
    measurement = measurement_class(claim)(config, training, data)
    recorded = MemorySink(sink)
    scope = watch(
        training.networks,
        to=recorded if claim else sink,
        schedule=schedule_of(config) | first,
        schedules={stream: study | first for stream, study in studies_of(config).items()},
        total_steps=training.total_steps,
        probe_batch=training.probe_batch,
        probes=config.probes,
        loss=cross_entropy,
        on_error="raise",
        resume=before,
    )
    if not checkpoint:
        sink.event("samples", 0, "", value=followed_samples(config, training))
    state, reason = _train(config, training, scope, measurement, controls, sink)
    if claim and state == "finished":
        value = as_event_value(figures(claim, recorded, measurement), measurement.data())
        sink.event("measured", training.steps_done, "", value=value)
    scope.close(state, reason)
    return state, reason


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


def _train(
    config: RunConfig,
    training: Training,
    scope: Scope,
    measurement: Measurement,
    controls: Controls,
    sink: Sink,
) -> tuple[EndState, Notice]:
    """Do the steps; return the state in which the run ends and why."""
    save = partial(write_checkpoint, training, scope, sink)
    _intervene(training, controls)
    _evaluate(training, scope, measurement)
    while training.steps_done < training.total_steps:
        if not controls.proceed(sink.flush, save):
            return "stopped", notice("end.stopped_at", done=training.steps_done, total=training.total_steps)
        if (learning_rate := controls.take_learning_rate()) is not None:
            training.set_learning_rate(learning_rate)
        _intervene(training, controls)
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
            _evaluate(training, scope, measurement)
        if scope.diverged and config.on_divergence == "stop":
            name, step = next(iter(scope.diverged.items()))
            return "stopped", notice("end.on_divergence", network=name, step=step)
    return "finished", Notice(text="")


def _intervene(training: Training, controls: Controls) -> None:
    for name, intervention in controls.take_interventions().items():
        training.intervene(name, intervention)


def _evaluate(training: Training, scope: Scope, measurement: Measurement) -> None:
    scope.evaluate(training.evaluate())
    measurement.evaluated()
