"""A run's state in a file: that of its training, and that of the scope that measures it."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

from shiftscope.engine.scope_state import ScopeState
from shiftscope.lab.training.checkpoint import Checkpoint
from shiftscope.lab.training.loop import Training
from shiftscope.notices import notice
from shiftscope.scope import Scope
from shiftscope.sinks.base import Sink


def write_checkpoint(training: Training, scope: Scope, sink: Sink, path: Path) -> None:
    """Write the state between two steps, and record that as an event, or why it could not be done."""
    step = training.steps_done
    try:
        replace(training.checkpoint(), measuring=asdict(scope.state())).save(path)
    except OSError as error:
        sink.event("checkpoint", step, notice("event.state_not_kept", error=str(error)), value=path.name)
    else:
        sink.event("checkpoint", step, notice("event.state_kept", step=step), value=path.name)
    sink.flush()


def go_on(training: Training, path: Path) -> ScopeState:
    """Let a training go on from a file, at the learning rate that it has now; return what its scope resumes.

    Raises:
        OSError: the file cannot be read.
        CheckpointError: it is none, or one of another training.
    """
    rate = training.learning_rate
    checkpoint = Checkpoint.load(path)
    training.restore(checkpoint)
    training.set_learning_rate(rate)
    return ScopeState(**checkpoint.measuring)
