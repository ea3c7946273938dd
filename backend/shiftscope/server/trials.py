"""The HTTP API of experiments: the gallery, and trials, which are the runs of an experiment started together.

A trial is nothing but its runs: each knows from its recording which trial it is part of and what was measured of it,
so that trials and their verdicts survive whatever happens to the server.
"""

from __future__ import annotations

import asyncio
import gzip
import secrets
import time
from collections.abc import Mapping
from functools import cache
from typing import Annotated

from fastapi import APIRouter, Body, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from shiftscope.experiments.catalogue import catalogue, find
from shiftscope.experiments.experiment import Experiment
from shiftscope.experiments.figures import as_figures, figures_of
from shiftscope.experiments.verdict import Figures, Verdict
from shiftscope.notices import Notice, NoticeError, notice
from shiftscope.recording.documents import TrialPart
from shiftscope.server.run_state import RunState, RunView
from shiftscope.server.runs import Run
from shiftscope.server.services import Server
from shiftscope.server.store import RunStore

router = APIRouter(prefix="/api")


class UnknownTrial(NoticeError):
    """There is no trial of that id."""

    def __init__(self, trial_id: str) -> None:
        super().__init__(notice("refused.unknown_trial", trial=trial_id))


class NewTrial(BaseModel):
    """How to do an experiment. Everything may be left out."""

    model_config = ConfigDict(extra="forbid")

    quick: bool = Field(False, description="the variant with fewer steps")
    seeds: int | None = Field(None, ge=1, le=20, description="seeds a planned run is done with; the experiment's own")


class TrialRun(BaseModel):
    """One run of a trial."""

    label: str
    seed: int = Field(description="which of the trial's seeds, from 0")
    run: RunView
    measured: dict[str, float | str] | None = Field(
        description="what the verdict rests on, once the run has finished; NaN and infinities are words"
    )


class TrialView(BaseModel):
    """A trial, as the API shows it."""

    id: str
    experiment: str
    quick: bool
    created: float = Field(description="seconds since the epoch")
    runs: list[TrialRun]
    ended: bool = Field(description="whether none of its runs goes on")
    verdict: Verdict | None = Field(description="once all runs have finished")
    reason: Notice | None = Field(description="why there is no verdict; null when there is one")


@router.get("/experiments", response_model=tuple[Experiment, ...])
async def experiments(request: Request) -> Response:
    """Return the experiments that come with the program: texts, runs, rules."""
    plain, compressed = await asyncio.to_thread(_written)
    headers = {"Vary": "Accept-Encoding"}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(plain, media_type="application/json", headers=headers)
    return Response(compressed, media_type="application/json", headers={**headers, "Content-Encoding": "gzip"})


@cache
def _written() -> tuple[bytes, bytes]:
    """Return the catalogue as JSON, and the same compressed: it changes with the program alone."""
    plain = TypeAdapter(tuple[Experiment, ...]).dump_json(catalogue())
    return plain, gzip.compress(plain, compresslevel=6, mtime=0)


@router.post("/experiments/{experiment_id}", status_code=201, responses={404: {"description": "No such experiment."}})
async def create_trial(
    experiment_id: str, server: Server, wanted: Annotated[NewTrial | None, Body()] = None
) -> TrialView:
    """Start all runs of an experiment; they are queued and give a verdict together."""
    wanted = wanted or NewTrial()
    experiment = find(experiment_id).experiment
    plan = experiment.plan(quick=wanted.quick, seeds=wanted.seeds)
    trial = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"
    several = len({seed for _, seed in plan}) > 1
    for planned, seed in plan:
        seed_named = {"seed": str(planned.config.seed)} if several else {}
        code = "name.trial_seed" if several else "name.trial"
        name = notice(code, title=experiment.title, label=planned.label, **seed_named)
        part = TrialPart(
            id=trial, experiment=experiment.id, label=planned.label, seed=seed, runs=len(plan), quick=wanted.quick
        )
        run = await asyncio.to_thread(server.store.create, name, "worker", planned.config, part)
        server.supervisor.start(run)
    return _view(trial, _trials(server.store)[trial])


@router.get("/trials")
async def list_trials(server: Server) -> list[TrialView]:
    """Return all trials, the newest first."""
    return [_view(trial, runs) for trial, runs in reversed(_trials(server.store).items())]


@router.get("/trials/{trial_id}", responses={404: {"description": "There is no such trial."}})
async def get_trial(trial_id: str, server: Server) -> TrialView:
    """Return a trial: its runs, what was measured, and the verdict once there is one."""
    runs = _trials(server.store).get(trial_id)
    if runs is None:
        raise UnknownTrial(trial_id)
    return _view(trial_id, runs)


def _trials(store: RunStore) -> dict[str, list[tuple[Run, TrialPart]]]:
    """Group the runs that are part of a trial, the oldest first."""
    trials: dict[str, list[tuple[Run, TrialPart]]] = {}
    for run in reversed(store.newest_first()):
        if run.info.trial is not None:
            trials.setdefault(run.info.trial.id, []).append((run, run.info.trial))
    return trials


def _view(trial_id: str, parts: list[tuple[Run, TrialPart]]) -> TrialView:
    _, first = parts[0]
    measured = {run.id: figures_of(run.events) for run, _ in parts}
    reason = _why_not_yet(parts, measured)
    verdict, reason = (None, reason) if reason else _judge(first.experiment, parts, measured)
    return TrialView(
        id=trial_id,
        experiment=first.experiment,
        quick=first.quick,
        created=min(run.info.created for run, _ in parts),
        runs=[
            TrialRun(label=part.label, seed=part.seed, run=run.view, measured=_shown(measured[run.id]))
            for run, part in parts
        ],
        ended=all(run.state.ended for run, _ in parts),
        verdict=verdict,
        reason=reason,
    )


def _why_not_yet(parts: list[tuple[Run, TrialPart]], measured: Mapping[str, Figures | None]) -> Notice | None:
    """Return why there can be no verdict, or None."""
    _, first = parts[0]
    if len(parts) < first.runs:
        return notice("undecided.deleted", count=first.runs - len(parts), runs=first.runs)
    for run, part in parts:
        if run.state.ended and run.state is not RunState.FINISHED:
            return notice("undecided.ended", run=part.label, state=run.state.word, reason=run.status.reason or "")
        if any(event.kind == "learning_rate" for event in run.events):
            return notice("undecided.changed", run=part.label)
        if any(event.kind == "intervention" for event in run.events):
            return notice("undecided.touched", run=part.label)
    going_on = sum(not run.state.ended for run, _ in parts)
    if going_on:
        return notice("undecided.going_on", count=going_on, runs=len(parts))
    unmeasured = tuple(part.label for run, part in parts if measured[run.id] is None)
    return notice("undecided.unmeasured", runs=unmeasured) if unmeasured else None


def _judge(
    experiment: str, parts: list[tuple[Run, TrialPart]], measured: Mapping[str, Figures | None]
) -> tuple[Verdict | None, Notice | None]:
    by_label: dict[str, list[Figures]] = {}
    for run, part in sorted(parts, key=lambda pair: pair[1].seed):
        by_label.setdefault(part.label, []).append(measured[run.id] or {})
    try:
        return find(experiment).judge(by_label), None
    except LookupError as error:
        # A recording of an earlier version of the program may lack what today's verdict needs.
        return None, notice("undecided.lacks", error=str(error))


def _shown(figures: Figures | None) -> dict[str, float | str] | None:
    return None if figures is None else as_figures(figures)
