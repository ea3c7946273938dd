"""The states of a run, which of them follow on which, and a run as the API shows it."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, Field

from shiftscope.config import RunConfig
from shiftscope.recording.documents import TrialPart
from shiftscope.wire.messages import Preparing


class RunState(StrEnum):
    """Where a run is in its life."""

    QUEUED = "queued"
    PREPARING = "preparing"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"

    @property
    def ended(self) -> bool:
        """Whether no other state follows."""
        return not NEXT[self]


_ENDS = frozenset({RunState.STOPPED, RunState.FAILED, RunState.INTERRUPTED})

NEXT: dict[RunState, frozenset[RunState]] = {
    RunState.QUEUED: _ENDS | {RunState.PREPARING},
    RunState.PREPARING: _ENDS | {RunState.RUNNING},
    RunState.RUNNING: _ENDS | {RunState.PAUSED, RunState.FINISHED},
    RunState.PAUSED: _ENDS | {RunState.RUNNING, RunState.FINISHED},
    RunState.FINISHED: frozenset(),
    RunState.STOPPED: frozenset(),
    RunState.FAILED: frozenset(),
    RunState.INTERRUPTED: frozenset(),
}
"""The legal transitions. A paused run may finish: its last single step does."""


class RunView(BaseModel):
    """A run, as the API shows it."""

    id: str
    name: str
    state: RunState
    reason: str = Field(description="why the run ended as it did; empty when there is nothing to say")
    source: str = Field(description="worker: trained by this server; script: sent by a watched program")
    config: RunConfig | None
    trial: TrialPart | None = Field(description="the trial of an experiment that the run is part of, if any")
    step: int = Field(description="optimizer steps done")
    total_steps: int | None
    created: float = Field(description="seconds since the epoch, as are started and ended")
    started: float | None
    ended: float | None
    elapsed: float = Field(description="seconds of training, pauses left out")
    pace: float | None = Field(description="steps per second; null for full speed")
    learning_rate: float | None
    preparing: Preparing | None
    seq: int = Field(description="seq of the newest frame kept")
