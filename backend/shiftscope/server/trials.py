"""The HTTP API of experiments: the gallery, and trials, which are the runs of an experiment started together.

A trial is nothing but its runs: each knows from its recording which trial it is part of and what was measured of it,
so that trials and their verdicts survive whatever happens to the server.
"""

from __future__ import annotations

import asyncio
import gzip
import secrets
import time
from collections.abc import Iterable
from functools import cache
from typing import Annotated

from fastapi import APIRouter, Body, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from shiftscope.experiments.catalogue import catalogue, find
from shiftscope.experiments.experiment import Experiment
from shiftscope.experiments.verdict import Figures, Verdict
from shiftscope.notices import Notice, NoticeError, notice
from shiftscope.recording.documents import TrialPart
from shiftscope.server.listing import Listed
from shiftscope.server.making import unless_it_fails
from shiftscope.server.pages_of_runs import Cursor, Limit, lead_on, page
from shiftscope.server.run_state import RunState, RunView
from shiftscope.server.services import Server
from shiftscope.server.store import RunStore
from shiftscope.server.visitors import Who

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
    experiment_id: str, server: Server, who: Who, wanted: Annotated[NewTrial | None, Body()] = None
) -> TrialView:
    """Start all runs of an experiment; they are queued and give a verdict together."""
    wanted = wanted or NewTrial()
    experiment = find(experiment_id).experiment
    plan = experiment.plan(quick=wanted.quick, seeds=wanted.seeds)
    trial = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"
    several = len({seed for _, seed in plan}) > 1
    async with server.quotas.admitted(len(plan), by=who) as queued:
        async with unless_it_fails(server.store) as made:
            for planned, seed in plan:
                seed_named = {"seed": str(planned.config.seed)} if several else {}
                code = "name.trial_seed" if several else "name.trial"
                name = notice(code, title=experiment.title, label=planned.label, **seed_named)
                part = TrialPart(
                    id=trial, experiment=experiment.id, label=planned.label, seed=seed, runs=len(plan),
                    quick=wanted.quick,
                )  # fmt: skip
                run = await asyncio.to_thread(server.store.create, name, "worker", planned.config, part, by=who.starts)
                made.append(run)
        for run in made:
            server.supervisor.start(run)
            queued()
    return await asyncio.to_thread(_trial, server.store, trial)


@router.get("/trials")
def list_trials(server: Server, response: Response, limit: Limit = 100, cursor: Cursor = "") -> list[TrialView]:
    """Return trials, the newest first: those of at least `limit` runs; the header `Link` leads to the next."""
    found = page(server.store.entries(), limit, cursor, trials_alone=True)
    lead_on(response, "trials", limit, found)
    return [_view(trial, runs) for trial, runs in reversed(_trials(server.store, reversed(found.keys)).items())]


@router.get("/trials/{trial_id}", responses={404: {"description": "There is no such trial."}})
def get_trial(trial_id: str, server: Server) -> TrialView:
    """Return a trial: its runs, what was measured, and the verdict once there is one."""
    return _trial(server.store, trial_id)


def _trial(store: RunStore, trial_id: str) -> TrialView:
    """Return a trial. Raises UnknownTrial."""
    parts = [one for one in store.entries() if one.trial and one.trial == trial_id]
    keys = [one.key for one in sorted(parts, key=lambda one: one.place)]
    runs = _trials(store, keys).get(trial_id)
    if runs is None:
        raise UnknownTrial(trial_id)
    return _view(trial_id, runs)


def _trials(store: RunStore, keys: Iterable[str]) -> dict[str, list[tuple[Listed, TrialPart]]]:
    """Group runs, the oldest first, by their trial."""
    trials: dict[str, list[tuple[Listed, TrialPart]]] = {}
    for key in keys:
        run = store.listed(key)
        if run is not None and run.view.trial is not None:
            trials.setdefault(run.view.trial.id, []).append((run, run.view.trial))
    return trials


def _view(trial_id: str, parts: list[tuple[Listed, TrialPart]]) -> TrialView:
    _, first = parts[0]
    reason = _why_not_yet(parts)
    verdict, reason = (None, reason) if reason else _judge(first.experiment, parts)
    return TrialView(
        id=trial_id,
        experiment=first.experiment,
        quick=first.quick,
        created=min(run.view.created for run, _ in parts),
        runs=[TrialRun(label=part.label, seed=part.seed, run=run.view, measured=run.measured) for run, part in parts],
        ended=all(run.view.state.ended for run, _ in parts),
        verdict=verdict,
        reason=reason,
    )


def _why_not_yet(parts: list[tuple[Listed, TrialPart]]) -> Notice | None:
    """Return why there can be no verdict, or None."""
    _, first = parts[0]
    if len(parts) < first.runs:
        return notice("undecided.deleted", count=first.runs - len(parts), runs=first.runs)
    for run, part in parts:
        state = run.view.state
        if state.ended and state is not RunState.FINISHED:
            return notice("undecided.ended", run=part.label, state=state.word, reason=run.view.reason or "")
        if run.retuned:
            return notice("undecided.changed", run=part.label)
        if run.touched:
            return notice("undecided.touched", run=part.label)
    going_on = sum(not run.view.state.ended for run, _ in parts)
    if going_on:
        return notice("undecided.going_on", count=going_on, runs=len(parts))
    unmeasured = tuple(part.label for run, part in parts if run.figures is None)
    return notice("undecided.unmeasured", runs=unmeasured) if unmeasured else None


def _judge(experiment: str, parts: list[tuple[Listed, TrialPart]]) -> tuple[Verdict | None, Notice | None]:
    by_label: dict[str, list[Figures]] = {}
    for run, part in sorted(parts, key=lambda pair: pair[1].seed):
        by_label.setdefault(part.label, []).append(run.numbers or {})
    try:
        return find(experiment).judge(by_label), None
    except LookupError as error:
        # A recording of an earlier version of the program may lack what today's verdict needs.
        return None, notice("undecided.lacks", error=str(error))
