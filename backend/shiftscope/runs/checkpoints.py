"""A run's state as bytes: that of its training, of the scope that measures it, and of what else goes on with it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from shiftscope.config import Intervention
from shiftscope.engine.scope_state import ScopeState
from shiftscope.lab.measurements.base import Measurement
from shiftscope.lab.training.checkpoint import Checkpoint, whatever_fails_first, whatever_is_wrong
from shiftscope.lab.training.loop import Training
from shiftscope.notices import notice
from shiftscope.recording.documents import RecordingError
from shiftscope.scope import Scope
from shiftscope.sinks.base import Sink, SinkError
from shiftscope.sinks.mark import Mark
from shiftscope.sinks.memory import MemorySink
from shiftscope.wire.state_file import StateHead

logger = logging.getLogger(__name__)

PATIENCE = 60.0
"""Seconds after which a checkpoint is given up whose frames the server has not acknowledged."""


class Deposit(Protocol):
    """Where states are kept; at the server, for a worker."""

    def put(self, head: StateHead, contents: bytes, name: str = "") -> None:
        """Keep a state: under a name for another run, or else for this one to go on from. Raises OSError."""


@dataclass(frozen=True)
class Before:
    """What a run goes on from.

    Attributes:
        scope: what its scope resumes.
        own: whether it is the run's own state, so that its recording goes on; else it is that of another run.
    """

    scope: ScopeState = field(default_factory=ScopeState)
    own: bool = False


@dataclass(frozen=True)
class Parts:
    """What a run is made of that carries something from one step to the next."""

    training: Training
    scope: Scope
    measurement: Measurement
    recorded: MemorySink


def deposit_for_another(parts: Parts, sink: Sink, deposit: Deposit, name: str) -> None:
    """Keep the state between two steps for a run that goes on from it, and record that, or why it could not be done."""
    step = parts.training.steps_done
    contents = replace(parts.training.checkpoint(), measuring={"scope": parts.scope.state()}).to_bytes()
    try:
        deposit.put(StateHead.of(contents, step), contents, name)
    except OSError as error:
        sink.event("checkpoint", step, notice("event.state_not_kept", error=str(error)), value=name)
    else:
        sink.event("checkpoint", step, notice("event.state_kept", step=step), value=name)
    sink.flush()


def going_on(step: int) -> AbstractContextManager[None]:
    """Let an error of what is made of a checkpoint be told as that. Raises CheckpointError."""
    return whatever_is_wrong(f"the training does not go on from step {step}", SinkError, RecordingError)


def first_step() -> AbstractContextManager[None]:
    """Let an error of the first step after a checkpoint be told as that. Raises FirstStepError."""
    return whatever_fails_first(SinkError, RecordingError)


def go_on(training: Training, measurement: Measurement, recorded: MemorySink, checkpoint: Checkpoint) -> Before:
    """Let a training go on from a state: its own as it was, another's at the learning rate that it has now.

    Raises:
        CheckpointError: it is one of another training, or holds what none does.
    """
    rate = training.learning_rate
    training.restore(checkpoint)
    with going_on(checkpoint.steps_done):
        return _carry_on(training, measurement, recorded, checkpoint, rate)


def _carry_on(
    training: Training, measurement: Measurement, recorded: MemorySink, checkpoint: Checkpoint, rate: float
) -> Before:
    scope, own = ScopeState(**checkpoint.measuring["scope"]), checkpoint.measuring.get("own")
    if own is None:
        training.set_learning_rate(rate)
        return Before(scope)
    for name, done in own["interventions"].items():
        training.intervene(name, Intervention.model_validate_json(done))
    measurement.carry_on(own["measurement"])
    frames = {number: _frames(*stored) for number, stored in own["recorded"]["frames"].items()}
    recorded.carry_on({"header": own["recorded"]["header"], "frames": frames})
    return Before(scope, own=True)


def narrator_of(checkpoint: Checkpoint | None) -> bytes:
    """Return the narrator in a run's own state; empty where there is none that can be read."""
    own = checkpoint.measuring.get("own") if checkpoint else None
    found = own.get("narrator") if isinstance(own, Mapping) else None
    return _bytes(found) if isinstance(found, Tensor) else b""


class Marking(Protocol):
    """A sink that knows what a server has."""

    def mark(self, mark: Mark) -> None:
        """Let it be known when the server has all that was emitted so far."""


class Checkpoints:
    """Keeps a run's own state every so many steps: the training waits for a copy in memory and for nothing else.

    A state is only kept once the server has all that was recorded before it. Where states come faster than they can be
    kept, the newest is the next.
    """

    def __init__(self, every: int, sink: Marking, deposit: Deposit) -> None:
        self._every, self._sink, self._deposit = every, sink, deposit
        self._changed = threading.Condition()
        self._newest: tuple[Mark, Checkpoint] | None = None
        self._thread: threading.Thread | None = None

    def due(self, step: int) -> bool:
        """Whether a state is kept after so many steps."""
        return step > 0 and step % self._every == 0

    def keep(self, parts: Parts) -> None:
        """Keep the state between two steps."""
        scope = parts.scope.state(same_recording=True)  # which first records what is on its way
        training, recorded = parts.training, parts.recorded.carried()
        stored = {number: _stored(frames) for number, frames in recorded["frames"].items()}
        own = {
            "interventions": {name: done.model_dump_json() for name, done in training.interventions.items()},
            "measurement": parts.measurement.carried(),
            "recorded": {"header": recorded["header"], "frames": stored},
        }
        measuring = {"scope": scope, "own": own}
        mark = Mark()
        self._sink.mark(mark)
        with self._changed:
            self._newest = mark, replace(training.checkpoint(), measuring=measuring)
            self._changed.notify_all()
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="shiftscope-checkpoints", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            with self._changed:
                while self._newest is None:
                    self._changed.wait()
                (mark, checkpoint), self._newest = self._newest, None
            try:
                self._put(mark, checkpoint)
            except OSError as error:
                logger.warning("the checkpoint at step %d was not kept: %s", checkpoint.steps_done, error)

    def _put(self, mark: Mark, checkpoint: Checkpoint) -> None:
        if not (mark.reached.wait(PATIENCE) and mark.kept.wait(PATIENCE)):
            raise OSError("the server does not keep what was recorded before it")
        contents = with_narrator(checkpoint, mark.narrator).to_bytes()
        self._deposit.put(StateHead.of(contents, checkpoint.steps_done, mark.seq, mark.events), contents)


def with_narrator(checkpoint: Checkpoint, narrator: bytes) -> Checkpoint:
    """Return a run's own state with the narrator's."""
    measuring: Mapping[str, Any] = checkpoint.measuring
    return replace(checkpoint, measuring={**measuring, "own": {**measuring["own"], "narrator": _tensor(narrator)}})


def _stored(frames: Sequence[bytes]) -> tuple[Tensor, int]:
    """Return frames of one length as they are kept: side by side, and the length."""
    return _tensor(b"".join(frames)), len(frames[0]) if frames else 1


def _frames(side_by_side: Tensor, length: int) -> list[bytes]:
    whole = _bytes(side_by_side)
    return [whole[at : at + length] for at in range(0, len(whole), length)]


def _tensor(data: bytes) -> Tensor:
    return torch.from_numpy(np.frombuffer(data, dtype=np.uint8).copy())


def _bytes(tensor: Tensor) -> bytes:
    return tensor.numpy().tobytes()
