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
from shiftscope.recording.values import as_intervention
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
        interventions: what is done to each network that something was done to.
        node: the machine that it was last given a place on; empty for the server's own.
        entered: when it last changed its state, by the clock that nobody sets.
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
    interventions: Mapping[str, Intervention] = field(default_factory=dict)
    node: str = ""
    entered: float = field(default=0.0, compare=False)

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
                status = replace(status, absence=event.notice if found == "lost" else None)
            case "placed", str(node):
                status = replace(status, node=node)
            case "learning_rate", (int() | float()) as rate:
                status = replace(status, learning_rate=float(rate))
            case "intervention", dict(given):
                done = {**status.interventions, event.network: as_intervention(given)}
                return replace(status, interventions=done)
        return status

    def reach(self, step: int) -> Self:
        """Return the status of a run that has made so many updates, if it has not made more."""
        return replace(self, step=step) if step > self.step else self

    def elapsed(self, now: float) -> float:
        """Return the seconds of training up to `now`, pauses left out, as far as clocks can be believed."""
        return self.trained + (max(0.0, now - self.running_since) if self.running_since else 0.0)

    def _enter(self, state: RunState, event: Event) -> Self:
        runs = state is RunState.RUNNING
        return replace(
            self,
            state=state,
            reason=event.notice if event.message else None,
            trained=self.elapsed(event.time) if event.trained is None else event.trained,
            running_since=event.time if runs else None,
            started=event.time if runs and self.started is None else self.started,
            ended=event.time if state.ended else None,
            absence=None if state.ended else self.absence,
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
    damage: Notice | None = Field(
        None, description="what of the recording cannot be read, or lacks; null when all is whole"
    )
    file: str = Field("", description="name of the recording's file")
    copy_of: str | None = Field(
        None, description="the id that another file in the folder has, too, where this is a copy"
    )
    place: int | None = Field(None, description="place in the queue, from 1, of a run that waits for its turn")
    waiting: bool = Field(
        False, description="whether it goes on, in its state, when there is a place for it: nothing trains it for now"
    )
    node: str = Field(
        "", description="the machine of a cluster that it was last given a place on; empty for the server's"
    )
    owner: str = Field("", description="which browser of a shared server started it; see GET /api/me")
    group: str = Field("", description="what those are called together who started it, where who looks may start runs")
