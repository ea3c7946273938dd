"""The HTTP API: runs and what may be done with them. FastAPI documents it at /docs and /openapi.json."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

import shiftscope
from shiftscope.config import Intervention, RunConfig
from shiftscope.experiments.catalogue import find
from shiftscope.launchers.base import Standing
from shiftscope.notices import Notice, notice
from shiftscope.recording.documents import RecordingError
from shiftscope.server import interventions
from shiftscope.server.loss_curves import LossCurves, loss_curves
from shiftscope.server.pages_of_runs import Cursor, Group, Limit, lead_on, page
from shiftscope.server.problems import Problem
from shiftscope.server.roles import Role
from shiftscope.server.run_state import RunState, RunView
from shiftscope.server.runs import IllegalTransition, Run
from shiftscope.server.services import NamedRun, Server
from shiftscope.server.steering import command, refuse_unless_steerable
from shiftscope.server.store import views
from shiftscope.server.visitors import Who
from shiftscope.wire.messages import Command

router = APIRouter(prefix="/api")

DEFAULT = RunConfig(pace=100, probes="full")
"""What {} starts: everything there is to see, at a pace at which it can be seen (at full speed it takes seconds)."""


NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "There is no such run."}}
CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {"model": Problem, "description": "The run's state does not allow it; `state` says which it is in."}
}


NOT_HERE: dict[int | str, dict[str, Any]] = {
    409: {"model": Problem, "description": "The run asks for more than this server can give."}
}


TOO_MUCH: dict[int | str, dict[str, Any]] = {
    429: {"model": Problem, "description": "So many runs wait already that no other may."},
    507: {"model": Problem, "description": "There is no room for another recording."},
}


BUSY: dict[int | str, dict[str, Any]] = {429: {"model": Problem, "description": "As many are being downloaded as may."}}


NO_SUCH_PART: dict[int | str, dict[str, Any]] = {
    416: {"model": Problem, "description": "The recording ends before the part that was asked for."}
}


class Health(BaseModel):
    """The server is there."""

    program: str = "shiftscope"
    status: str = "ok"
    version: str = shiftscope.__version__


_SHOWN = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+$"
"""What a name is made of: nothing that is not seen, or turns around how what stands beside it is read."""
RunName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=_SHOWN)]


class NewRun(BaseModel):
    """What to train. Everything may be left out: {} is the default experiment."""

    model_config = ConfigDict(extra="forbid")

    name: RunName | None = None
    experiment: str | None = Field(None, description="id of an experiment, whose first run's config is taken")
    config: RunConfig | None = Field(None, description="goes before the experiment's")


class RunChange(BaseModel):
    """What to change about a run; what is left out stays."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    name: RunName | None = None
    pace: float | None = Field(None, ge=0.1, le=10_000, description="steps per second; null for full speed")
    learning_rate: float | None = Field(None, gt=0, le=1e6)
    networks: dict[str, Intervention] = Field({}, max_length=16, description="what is done to each as it trains")


@router.get("/health")
async def health() -> Health:
    """Answer that the server is there, and which version."""
    return Health()


@router.get("/schema")
async def schema() -> dict[str, Any]:
    """Return RunConfig's JSON Schema, for the page's form; its example is what an empty body starts."""
    return {**RunConfig.model_json_schema(), "examples": [DEFAULT.model_dump(mode="json")]}


@router.get("/cluster")
async def cluster(server: Server, who: Who) -> Standing:
    """Return what trains the runs: this server itself, or a cluster's nodes, and what is free there."""
    standing = server.supervisor.standing
    return standing if who.role is Role.CONTROL else standing.for_viewers()


@router.get("/runs")
def list_runs(
    server: Server, response: Response, limit: Limit = 100, cursor: Cursor = "", group: Group = ""
) -> list[RunView]:
    """Return runs, the newest first, those of a trial side by side: at least `limit`, if there are.

    Where there are more, the header `Link` has the address of those that follow (rel="next").
    """
    found = page((one for one in server.store.entries() if group in {"", one.group}), limit, cursor)
    lead_on(response, "runs", limit, found, **({"group": group} if group else {}))
    return views(server.store, found.keys)


@router.post("/runs", status_code=201, responses=NOT_FOUND | NOT_HERE | TOO_MUCH)
async def create_run(server: Server, who: Who, wanted: Annotated[NewRun | None, Body()] = None) -> RunView:
    """Create a run; it starts as soon as a place is free."""
    wanted = wanted or NewRun()
    config, name = _chosen(wanted)
    server.supervisor.check(config, now=who.role is Role.VIEW)
    async with server.quotas.admitted(by=who) as queued:
        run = await asyncio.to_thread(server.store.create, wanted.name or name, "worker", config, by=who.starts)
        server.supervisor.start(run)
        queued()
    return run.view


@router.get("/runs/{run_id}", responses=NOT_FOUND)
async def get_run(run: NamedRun) -> RunView:
    """Return a run."""
    return run.view


@router.patch("/runs/{run_id}", responses=NOT_FOUND | CONFLICT)
async def change_run(run: NamedRun, change: RunChange) -> RunView:
    """Rename a run at any time; change pace, learning rate or networks of one that is under way."""
    training = change.model_fields_set & {"pace", "learning_rate"}
    async with run.changing:
        if training:
            refuse_unless_steerable(run, "action." + "_and_".join(sorted(training)))
        if change.networks:
            refuse_unless_steerable(run, "action.networks")
            if run.header is None:
                raise IllegalTransition(run, notice("action.networks"))
        done = interventions.changed(run, change.networks)
        if change.name is not None:
            await run.record("name", notice("event.renamed", name=change.name), value=change.name)
        if "pace" in training:
            pace = change.pace
            said = notice("event.full_speed") if pace is None else notice("event.pace_set", pace=pace)
            await _set(run, "pace", pace, said)
        if change.learning_rate is not None:
            rate = change.learning_rate
            await _set(run, "learning_rate", rate, notice("event.learning_rate_set", rate=rate))
        if done:
            await _intervene(run, done)
        return run.view


@router.delete("/runs/{run_id}", status_code=204, responses=NOT_FOUND)
async def delete_run(run: NamedRun, server: Server) -> None:
    """Stop a run that is under way, then remove it and its recording."""
    async with run.changing:
        if not run.state.ended:
            await server.supervisor.stop(run)
        await asyncio.to_thread(server.store.delete, run)


@router.post("/runs/{run_id}/pause", responses=NOT_FOUND | CONFLICT)
async def pause(run: NamedRun) -> RunView:
    """Hold a running run at its next step."""
    async with run.changing:
        refuse_unless_steerable(run, "action.pause", RunState.RUNNING)
        await command(run, Command(command="pause"))
        await run.move(RunState.PAUSED)
        return run.view


@router.post("/runs/{run_id}/resume", responses=NOT_FOUND | CONFLICT)
async def resume(run: NamedRun) -> RunView:
    """Let a paused run go on."""
    async with run.changing:
        refuse_unless_steerable(run, "action.resume", RunState.PAUSED)
        await run.move(RunState.RUNNING)
        await command(run, Command(command="resume"))
        return run.view


@router.post("/runs/{run_id}/step", responses=NOT_FOUND | CONFLICT)
async def step(run: NamedRun) -> RunView:
    """Let a paused run take one step."""
    async with run.changing:
        refuse_unless_steerable(run, "action.step", RunState.PAUSED)
        await command(run, Command(command="step"))
        return run.view


@router.post("/runs/{run_id}/stop", responses=NOT_FOUND | CONFLICT)
async def stop(run: NamedRun, server: Server) -> RunView:
    """End a run; what it has recorded stays. Returns when it has ended."""
    async with run.changing:
        await server.supervisor.stop(run)
        return run.view


@router.get("/runs/{run_id}/curve", responses=NOT_FOUND)
async def curve(run: NamedRun) -> LossCurves:
    """Return the loss of each network in a few points, also while the run goes on."""
    try:
        return await asyncio.to_thread(loss_curves, run.path, run.header)
    except RecordingError as error:
        run.find_damaged(error)
        return LossCurves(seq=run.seq, steps=[], networks=[])


@router.get("/runs/{run_id}/recording", responses=NOT_FOUND | BUSY | NO_SUCH_PART, response_class=FileResponse)
async def download(run: NamedRun, server: Server) -> FileResponse:
    """Return the run's recording, also while it goes on: one file, to be opened with shiftscope.open_recording."""
    return await server.downloads.of(run.path, settled=run.settled)


def _chosen(wanted: NewRun) -> tuple[RunConfig, Notice]:
    if wanted.experiment is None:
        config = wanted.config or DEFAULT
        dataset = Notice(code=f"option.{config.dataset.kind}", text=config.dataset.title)
        return config, notice("name.run", dataset=dataset, networks=tuple(one.name for one in config.variants))
    experiment = find(wanted.experiment).experiment
    return wanted.config or experiment.config, notice("name.experiment", title=experiment.title)


async def _set(run: Run, name: Literal["pace", "learning_rate"], value: float | None, message: Notice) -> None:
    await command(run, Command(command="set", **{name: value}))
    await run.record(name, message, value=value)


async def _intervene(run: Run, done: dict[str, Intervention]) -> None:
    await command(run, Command(command="set", networks=done))
    await interventions.record(run, done)
