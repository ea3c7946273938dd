"""One run from its config to its end, wherever its frames go: what the worker and `shiftscope train` share."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from torch.nn.functional import cross_entropy

from shiftscope.config import RunConfig, Thinning
from shiftscope.engine import schedules
from shiftscope.engine.scheduler import studies
from shiftscope.experiments.figures import as_event_value
from shiftscope.lab.data.datasets import load
from shiftscope.lab.data.types import Data
from shiftscope.lab.measurements.base import Measuring
from shiftscope.lab.training.loop import Training
from shiftscope.scope import Scope, watch
from shiftscope.sinks.base import Sink
from shiftscope.sinks.memory import Keeping

FEWEST_STUDIED = 800
"""Studies of a run that keeps few frames come as often as if it kept so many: 100 columns of the shift map."""
Follow = Callable[[RunConfig, Training, Data], Measuring]
"""Makes what follows a training to measure for a verdict."""


class StoppedEarly(Exception):
    """The run was stopped before it began to train."""


class Controls:
    """Where commands and the pace meet the training loop. `obey` may be called from another thread."""

    def __init__(self, pace: float | None = None) -> None:
        self._changed = threading.Condition()
        self._pace = pace
        self._paused = False
        self._stopped = False
        self._granted = 0
        self._learning_rate: float | None = None
        self._last_step = float("-inf")

    @property
    def stopped(self) -> bool:
        """Whether the run shall end."""
        return self._stopped

    def obey(self, command: dict[str, Any]) -> None:
        """Take a command of docs/protocol.md; it holds from the next step on."""
        with self._changed:
            match command["command"]:
                case "pause":
                    self._paused, self._granted = True, 0
                case "resume":
                    self._paused = False
                case "step":
                    self._granted += 1
                case "stop":
                    self._stopped = True
                case "set":
                    self._pace = command.get("pace", self._pace)
                    self._learning_rate = command.get("learning_rate", self._learning_rate)
            self._changed.notify_all()

    def proceed(self, before_waiting: Callable[[], None]) -> bool:
        """Wait until the next step is due; return False when there shall be none.

        `before_waiting` is called when there is a wait: what is pending should not wait along.
        """
        called = False
        with self._changed:
            while not self._stopped:
                wait = self._seconds_to_wait()
                if wait is not None and wait <= 0:
                    self._granted = max(0, self._granted - 1)
                    self._last_step = time.monotonic()
                    return True
                if not called:
                    called = True
                    before_waiting()
                    continue
                self._changed.wait(wait)
            return False

    def take_learning_rate(self) -> float | None:
        """Return the learning rate that was asked for since the last call, if any."""
        with self._changed:
            value, self._learning_rate = self._learning_rate, None
            return value

    def _seconds_to_wait(self) -> float | None:
        if self._paused:
            return 0.0 if self._granted else None
        if self._pace is None:
            return 0.0
        return self._last_step + 1 / self._pace - time.monotonic()


def train(
    config: RunConfig,
    sink: Sink,
    *,
    datasets: Path,
    controls: Controls,
    tell: Callable[[str, float | None], None],
    follow: Follow | None = None,
    mirrors: Sequence[str] = (),
) -> None:
    """Train a run to its end and send what its scope sees to the sink.

    `tell` hears, before training begins, what the run waits for and how far that is (0 to 1, None where unknown).
    `mirrors` are where data sets are fetched from, instead of the known places.
    `follow` makes what measures for an experiment; a run that finishes then tells its figures as an event "measured".

    Raises:
        DatasetError: the data are missing or damaged.
        SinkError: the sink takes no more.
        StoppedEarly: the run was stopped before it began to train.
    """

    def tell_unless_stopped(message: str, fraction: float | None) -> None:
        if controls.stopped:
            raise StoppedEarly
        tell(message, fraction)

    tell_unless_stopped("loading the data", None)
    data = load(config.dataset, datasets, tell_unless_stopped, mirrors)
    tell_unless_stopped("building the networks", None)
    training = Training(config, data)
    measuring = (follow or Measuring)(config, training, data)
    keeping = Keeping(sink)
    scope = watch(
        training.networks,
        to=keeping if follow else sink,
        schedule=schedule_of(config),
        schedules=_studies_of(config),
        total_steps=training.total_steps,
        probe_batch=training.probe_batch,
        probes=config.probes,
        loss=cross_entropy,
        when_lost="raise",
    )
    state, reason = _train(config, training, scope, measuring, controls, sink.flush)
    if follow and state == "finished":
        figures = measuring.figures(keeping)
        sink.event("measured", training.steps_done, "", value=as_event_value(figures, measuring.data()))
    scope.close(state, reason)


def schedule_of(config: RunConfig) -> schedules.Schedule:
    """Return when to record: what the config says, and always the first step and the last."""
    last = config.total_steps - 1
    if isinstance(config.recording, Thinning):
        return schedules.thinning(config.total_steps, config.recording.frames)
    return schedules.every(config.recording.every) | schedules.at(last)


def _studies_of(config: RunConfig) -> dict[str, schedules.Schedule]:
    kept = config.recording.frames if isinstance(config.recording, Thinning) else Thinning().frames
    return studies(config.total_steps, max(FEWEST_STUDIED, kept))


def _train(
    config: RunConfig,
    training: Training,
    scope: Scope,
    measuring: Measuring,
    controls: Controls,
    flush: Callable[[], None],
) -> tuple[str, str]:
    """Do the steps; return the state in which the run ends and why."""
    _evaluate(training, scope, measuring)
    while training.steps_done < training.total_steps:
        if not controls.proceed(flush):
            return "stopped", f"stopped after {training.steps_done} of {training.total_steps} steps"
        if (learning_rate := controls.take_learning_rate()) is not None:
            training.set_learning_rate(learning_rate)
        result = training.compute()
        scope.measure(
            result.losses,
            accuracies=result.accuracies,
            learning_rate=training.learning_rate,
            batch=(result.inputs, result.labels),
        )
        measuring.before_update(result)
        training.update()
        scope.step()
        measuring.after_update()
        if training.at_epoch_end() or training.steps_done == training.total_steps:
            _evaluate(training, scope, measuring)
        if scope.diverged and config.on_divergence == "stop":
            name, step = next(iter(scope.diverged.items()))
            return "stopped", f"{name} diverged at step {step}; the run was set to stop then"
    return "finished", ""


def _evaluate(training: Training, scope: Scope, measuring: Measuring) -> None:
    metrics = training.evaluate()
    scope.evaluate(metrics)
    measuring.evaluated(metrics)
