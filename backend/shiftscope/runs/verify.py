"""Experiments without a server or a page: train, measure, judge."""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from importlib import import_module
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from shiftscope.config import RunConfig
from shiftscope.experiments.experiment import Claim, PlannedRun
from shiftscope.experiments.figures import figures_of
from shiftscope.experiments.verdict import Verdict
from shiftscope.runs.libraries import loading


class Finding(BaseModel):
    """What came of one experiment."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="strings")

    claim: int
    experiment: str
    title: str
    verdict: Verdict | None = Field(description="None when a run could not be done; `problem` says why")
    problem: str = ""
    quick: bool
    seeds: int
    measured: dict[str, list[dict[str, float]]] = Field(description="figures by label of the planned run and seed")
    config: dict[str, RunConfig] = Field(description="of each planned run, for the first seed")
    seconds: float = Field(description="that its runs took, one after the other")


class Measured(BaseModel):
    """What one run measured."""

    figures: dict[str, float] = Field(default_factory=dict)
    seconds: float
    problem: str = ""


def verify(
    claims: Sequence[Claim],
    *,
    datasets: Path,
    mirrors: Sequence[str] = (),
    quick: bool = False,
    seeds: int | None = None,
    jobs: int = 1,
    pool: Executor | None = None,
) -> Iterator[Finding]:
    """Do experiments, and yield what came of each, in order.

    Each run is a call of its own in `pool`; without one `jobs` at a time in processes of their own.
    """
    with pool or processes(jobs) as calls:
        plans = [claim.experiment.plan(quick=quick, seeds=seeds) for claim in claims]
        pending = [
            [calls.submit(run, claim, planned, datasets, mirrors) for planned, _ in plan]
            for claim, plan in zip(claims, plans, strict=True)
        ]
        try:
            for claim, plan, futures in zip(claims, plans, pending, strict=True):
                yield _finding(claim, plan, futures, quick=quick)
        finally:
            calls.shutdown(wait=False, cancel_futures=True)


def processes(jobs: int) -> Executor:
    """Return a pool of so many processes of this machine."""
    # torch and its threads do not survive a fork
    return ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"), initializer=_load)


def _load() -> None:
    with loading():
        import_module("shiftscope.runs.work")


def run(claim: Claim, planned: PlannedRun, datasets: Path, mirrors: Sequence[str] = ()) -> Measured:
    """Do one planned run into a recording that is thrown away, and return what was measured."""
    from shiftscope.recording.reader import open_recording  # noqa: PLC0415  only where something is trained is torch loaded
    from shiftscope.runs.controls import Controls  # noqa: PLC0415
    from shiftscope.runs.outcome import run_to_end  # noqa: PLC0415
    from shiftscope.sinks.file import open_file  # noqa: PLC0415

    _one_thread()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="shiftscope-") as folder:
        path = Path(folder) / "run.shiftscope"
        sink = open_file(path, name=planned.label, config=planned.config)
        outcome = run_to_end(planned.config, sink, datasets=datasets, mirrors=mirrors, controls=Controls(), claim=claim)
        with open_recording(path) as recording:
            figures = figures_of(recording.journal())
    seconds = time.monotonic() - started
    if outcome.state != "finished":
        return Measured(seconds=seconds, problem=f"{planned.label}: {outcome.reason}")
    return Measured(figures=figures or {}, seconds=seconds)


def _one_thread() -> None:
    import torch  # noqa: PLC0415

    torch.set_num_threads(1)


def _finding(
    claim: Claim, plan: Sequence[tuple[PlannedRun, int]], futures: Sequence[Future[Measured]], *, quick: bool
) -> Finding:
    outcomes = [future.result() for future in futures]
    measured: dict[str, list[dict[str, float]]] = {}
    for (planned, _), outcome in zip(plan, outcomes, strict=True):
        measured.setdefault(planned.label, []).append(outcome.figures)
    problem = next((outcome.problem for outcome in outcomes if outcome.problem), "")
    return Finding(
        claim=claim.experiment.claim,
        experiment=claim.experiment.id,
        title=claim.experiment.title,
        verdict=None if problem else claim.judge(measured),
        problem=problem,
        quick=quick,
        seeds=len({seed for _, seed in plan}),
        measured=measured,
        config={planned.label: planned.config for planned, seed in plan if seed == 0},
        seconds=round(sum(outcome.seconds for outcome in outcomes), 2),
    )


def line(finding: Finding) -> str:
    """Return a finding in one line."""
    seeds = f"{finding.seeds} seed{'s' if finding.seeds > 1 else ''}, {finding.seconds:.0f} s"
    return f"{finding.claim:2d} {finding.experiment} ({seeds}): {_sentence(finding)}"


def markdown(findings: Sequence[Finding], command: str) -> str:
    """Return findings as the document docs/claims.md."""
    rows = [_row([str(one.claim), one.title, _sentence(one), str(one.seeds), f"{one.seconds:.0f}"]) for one in findings]
    tables = [_table(one) for one in findings if one.verdict]
    head = (
        "# The claims, and what was measured\n\n"
        f"Written by `{command}`. Each claim is an experiment of the page's gallery; the rule by which its verdict is\n"
        "found stands there and in `backend/shiftscope/experiments/claims/`.\n\n"
        "| # | claim | verdict | seeds | seconds |\n|---|---|---|---|---|\n"
    )
    return head + "\n".join(rows) + "\n\n" + "\n".join(tables)


def _table(finding: Finding) -> str:
    assert finding.verdict is not None
    table = finding.verdict.table
    lines = [
        f"## {finding.claim}. {finding.title}\n",
        _row([cell.text for cell in table.columns]),
        "|" + "---|" * len(table.columns),
        *(_row([cell.text for cell in row]) for row in table.rows),
    ]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _sentence(finding: Finding) -> str:
    return finding.verdict.sentence.text if finding.verdict else f"Not run. {finding.problem}"
