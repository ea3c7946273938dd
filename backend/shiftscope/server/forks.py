"""The HTTP API of forks: a run goes on from one of its steps in a second way, side by side with the first.

The worker of the first sends its state between two steps; that of the second begins from it.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field

from shiftscope.config import Intervention, RunConfig
from shiftscope.notices import notice
from shiftscope.recording.documents import Event, ForkedFrom, RecordingError
from shiftscope.recording.folder import CHECKPOINTS
from shiftscope.server import interventions
from shiftscope.server.again import as_changed
from shiftscope.server.api import CONFLICT, NOT_FOUND, TOO_MUCH, RunName
from shiftscope.server.making import unless_it_fails
from shiftscope.server.problems import Problem
from shiftscope.server.run_state import RunState, RunView
from shiftscope.server.runs import IllegalTransition, Run
from shiftscope.server.services import NamedRun, Server
from shiftscope.server.steering import command, refuse_unless_steerable
from shiftscope.server.store import RunStore
from shiftscope.server.visitors import Who
from shiftscope.wire.messages import Command

logger = logging.getLogger(__name__)
router = APIRouter(prefix="/api")

ANSWER_SECONDS = 30.0
"""How long a worker may take to write its state: a step may be under way, or an evaluation."""
_UNWRITTEN: dict[int | str, dict[str, Any]] = {507: {"model": Problem, "description": "The state could not be kept."}}


class NewFork(BaseModel):
    """What is another in the second way. What is left out is as in the first: with nothing at all both are the same."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    name: RunName | None = None
    pace: float | None = Field(None, ge=0.1, le=10_000, description="steps per second; null for full speed")
    learning_rate: float | None = Field(None, gt=0, le=1e6)
    networks: dict[str, Intervention] = Field({}, description="what is done to networks, by name")


@router.post("/runs/{run_id}/fork", status_code=201, responses=NOT_FOUND | CONFLICT | TOO_MUCH | _UNWRITTEN)
async def fork(run: NamedRun, server: Server, who: Who, wanted: Annotated[NewFork | None, Body()] = None) -> RunView:
    """Let a second run go on from the step at which a running or paused one is.

    It has the first one's weights, buffers, optimizer state, random numbers and order of the data: until something is
    changed, both do the same to the bit.
    """
    wanted = wanted or NewFork()
    async with server.quotas.admitted(by=who) as queued, run.changing:
        refuse_unless_steerable(run, "action.fork", RunState.RUNNING, RunState.PAUSED)
        if run.info.config is None:
            raise ValueError(f"run {run.id} has no config to train by")
        done = {**run.status.interventions, **interventions.changed(run, wanted.networks)}
        checkpoint = server.store.folder / CHECKPOINTS / secrets.token_hex(8)
        async with unless_it_fails(server.store) as begun:  # until somebody conducts it, who would see it fail
            async with _kept(run, checkpoint) as step:
                config = _changed(as_changed(run.info.config, run), wanted)
                origin = ForkedFrom(run=run.id, step=step)
                called = run.status.title or run.status.name
                name = wanted.name or notice("name.fork", name=called, step=step)
                create = partial(server.store.create, forked=origin, by=who.starts)
                made = await asyncio.to_thread(create, name, "worker", config)
                begun.append(made)
                said = notice("event.forked_from", name=called, step=step)
                await made.record("forked", said, value=origin.model_dump(), step=step)
                await interventions.record(made, done)
                await asyncio.to_thread(_move, checkpoint, made.checkpoint)
            server.supervisor.start(made)
        queued()
        try:
            await run.record("forked", notice("event.forked", name=name), value={"run": made.id}, step=step)
        except (RecordingError, OSError) as error:  # the fork trains, whatever becomes of its origin
            logger.warning("run %s was forked, which its recording does not say: %s", run.id, error)
        return made.view


@asynccontextmanager
async def _kept(run: Run, path: Path) -> AsyncIterator[int]:
    """Let a run's worker write its state; yield at which step it was. What was not moved away then is removed.

    No other state comes under a name, and none later: that of a worker which answers late would lie there for ever.

    Raises:
        IllegalTransition: the worker is not there, has ended or does not answer.
        RecordingError: it could not write.
    """
    if run.producer is None:
        raise IllegalTransition(run, notice("action.fork"), code="refused.absent")
    try:
        await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
    except OSError as error:
        raise RecordingError(notice("event.state_not_kept", error=str(error))) from error
    run.awaited_state = path.name
    try:
        yield await _answered(run, path.name)
    finally:
        await asyncio.to_thread(_await_no_more, run, path)


def _move(checkpoint: Path, place: Path) -> None:
    try:
        checkpoint.rename(place)
    except OSError as error:
        raise RecordingError(notice("event.state_not_kept", error=error.strerror or str(error))) from error


def _await_no_more(run: Run, path: Path) -> None:
    with run.states:
        run.awaited_state = ""
        path.unlink(missing_ok=True)


async def _answered(run: Run, name: str) -> int:
    """Ask a run's worker for its state; return at which step it was. Raises IllegalTransition, RecordingError."""
    seen = len(run.events)
    await command(run, Command(command="checkpoint", name=name))
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            event = await _answer(run, name, seen)
    except TimeoutError:
        raise IllegalTransition(run, notice("action.fork"), code="refused.no_answer") from None
    if event is None:
        raise IllegalTransition(run, notice("action.fork"))
    if event.code == "event.state_not_kept":
        raise RecordingError(event.notice)
    return event.step


async def _answer(run: Run, file: str, seen: int) -> Event | None:
    """Return the event, none of the first `seen`, that says whether a file was written; None when the run has ended."""
    while True:
        changed = run.signal.changed
        for event in run.events[seen:]:
            if event.kind == "checkpoint" and event.value == file:
                return event
        if run.state.ended:
            return None
        await changed.wait()


def _changed(config: RunConfig, wanted: NewFork) -> RunConfig:
    given = wanted.model_fields_set
    rate = wanted.learning_rate
    optimizer = config.optimizer if rate is None else config.optimizer.model_copy(update={"learning_rate": rate})
    return config.model_copy(update={"optimizer": optimizer} | ({"pace": wanted.pace} if "pace" in given else {}))


def remove_left_over(store: RunStore) -> None:
    """Remove the files that nothing goes on from any more."""
    for path in (store.folder / CHECKPOINTS).glob("*"):
        run = store.get(path.name.removesuffix(".token"))
        if run is None or not run.goes_on:
            path.unlink(missing_ok=True)
