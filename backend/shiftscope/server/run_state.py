"""What is so of a run, folded from the events of its journal: pure, without a file or a clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, Field

from shiftscope.config import Intervention, RunConfig
from shiftscope.notices import Notice, notice
from shiftscope.recording.documents import Event, ForkedFrom, RunInfo, TrialPart
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
        """Whether nothing goes on; an interrupted run goes on again should its producer come back."""
        return self in _ENDED

    @property
    def word(self) -> Notice:
        """The state as it stands in a sentence."""
        return notice(f"state.{self.value}")


_ENDS = frozenset({RunState.STOPPED, RunState.FAILED, RunState.INTERRUPTED})
_ENDED = _ENDS | {RunState.FINISHED}

NEXT: dict[RunState, frozenset[RunState]] = {
    RunState.QUEUED: _ENDS | {RunState.PREPARING},
    RunState.PREPARING: _ENDS | {RunState.RUNNING, RunState.FINISHED},
    RunState.RUNNING: _ENDS | {RunState.PAUSED, RunState.FINISHED},
    RunState.PAUSED: _ENDS | {RunState.RUNNING, RunState.FINISHED},
    RunState.FINISHED: frozenset(),
    RunState.STOPPED: frozenset(),
    RunState.FAILED: frozenset(),
    RunState.INTERRUPTED: frozenset({RunState.PREPARING, RunState.RUNNING}),
}
"""The legal transitions. A paused run may finish: its last single step does. One that prepares may: a script that took
no step does. An interrupted one goes on when its producer comes back, or what that could not send is sent later."""


@dataclass(frozen=True)
class RunStatus:
    """What the events so far make of a run.

    Attributes:
        name: as it was last called.
        title: the name as a notice; None for one that a person gave.
        state: where the run is in its life.
        reason: why it is there; None when there is nothing to say.
        step: optimizer updates made.
        pace: steps per second; None for full speed.
        learning_rate: the last that was set; None where it is the script's own.
        started: when it first ran, in seconds since the epoch.
        ended: when it ended.
        trained: seconds of training up to the last change of state, pauses left out.
        running_since: when it last began to run; None while it does not.
        absence: why there is no connection to what trains it; None while there is one, or none is needed.
        absent_since: since when.
        interventions: what is done to each network that something was done to.
    """

    name: str
    title: Notice | None = None
    state: RunState = RunState.QUEUED
    reason: Notice | None = None
    step: int = 0
    pace: float | None = None
    learning_rate: float | None = None
    started: float | None = None
    ended: float | None = None
    trained: float = 0.0
    running_since: float | None = None
    absence: Notice | None = None
    absent_since: float | None = None
    interventions: Mapping[str, Intervention] = field(default_factory=dict)

    @classmethod
    def of(cls, info: RunInfo) -> Self:
        """Return the status of a run to which nothing has happened yet."""
        config = info.config
        return cls(
            name=info.name,
            title=info.title,
            pace=config.pace if config else None,
            learning_rate=config.optimizer.learning_rate if config else None,
        )

    def apply(self, event: Event) -> Self:
        """Return the status after an event."""
        status = self.reach(event.step)
        match event.kind, event.value:
            case "state", str(state):
                return status._enter(RunState(state), event)
            case "name", str(name):
                return replace(status, name=name, title=None)
            case "pace", (int() | float() | None) as pace:
                return replace(status, pace=None if pace is None else float(pace))
            case "connection", ("lost" | "back") as found:
                absence, since = (event.notice, event.time) if found == "lost" else (None, None)
                status = replace(status, absence=absence, absent_since=since)
            case "learning_rate", (int() | float()) as rate:
                return replace(status, learning_rate=float(rate))
            case "intervention", dict(given):
                done = {**status.interventions, event.network: Intervention.model_validate(given)}
                return replace(status, interventions=done)
        return status

    def reach(self, step: int) -> Self:
        """Return the status of a run that has made so many updates, if it has not made more."""
        return replace(self, step=step) if step > self.step else self

    def elapsed(self, now: float) -> float:
        """Return the seconds of training up to `now`, pauses left out."""
        return self.trained + (max(0.0, now - self.running_since) if self.running_since else 0.0)

    def _enter(self, state: RunState, event: Event) -> Self:
        runs = state is RunState.RUNNING
        return replace(
            self,
            state=state,
            reason=event.notice if event.message else None,
            trained=self.elapsed(event.time),
            running_since=event.time if runs else None,
            started=event.time if runs and self.started is None else self.started,
            ended=event.time if state.ended else None,
            absence=None if state.ended else self.absence,
            absent_since=None if state.ended else self.absent_since,
        )


class RunView(BaseModel):
    """A run, as the API shows it."""

    id: str
    name: str
    title: Notice | None = Field(description="the name, where the program made it up; null for a person's own")
    state: RunState
    reason: Notice | None = Field(description="why the run ended as it did; null when there is nothing to say")
    source: str = Field(description="worker: trained by this server; script: sent by a watched program")
    config: RunConfig | None
    trial: TrialPart | None = Field(description="the trial of an experiment that the run is part of, if any")
    forked: ForkedFrom | None = Field(description="what the run went on from, where it did not begin anew")
    step: int = Field(description="optimizer steps done")
    total_steps: int | None
    steps_per_epoch: int | None = Field(None, description="optimizer steps of a pass over the training set, if known")
    created: float = Field(description="seconds since the epoch, as are started and ended")
    started: float | None
    ended: float | None
    elapsed: float = Field(description="seconds of training, pauses left out")
    pace: float | None = Field(description="steps per second; null for full speed")
    learning_rate: float | None
    interventions: dict[str, Intervention] = Field({}, description="what is done to each network as it trains")
    preparing: Preparing | None
    absence: Notice | None = Field(
        None, description="why nothing comes of a run that is under way: no connection to it; null while there is one"
    )
    seq: int = Field(description="seq of the newest frame kept")
