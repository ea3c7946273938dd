"""A clock that is set while the server runs changes dates, and nothing else."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from shiftscope.server.pages_of_runs import page
from shiftscope.server.run_state import RunState
from shiftscope.server.store import RunStore
from shiftscope.wire.frames import RunHeader
from tests.alone import run_alone
from tests.producer import header


@pytest.mark.parametrize("hours", [-2, 2])
def test_how_long_a_run_has_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hours: int) -> None:
    true = time.time
    store = RunStore.open(tmp_path)
    began = time.monotonic()

    async def live() -> tuple[float, str]:
        run = store.create("a run", "worker", None)
        await run.move(RunState.PREPARING)
        await run.begin(RunHeader.model_validate(header()))
        monkeypatch.setattr(time, "time", lambda: true() + 3600 * hours)
        under_way = run.view.elapsed
        await run.move(RunState.FINISHED)
        return under_way, run.id

    under_way, name = run_alone(live())
    most = time.monotonic() - began
    assert 0 <= under_way <= most
    for run in (store.get(name), RunStore.open(tmp_path).get(name)):
        assert run is not None
        assert under_way <= run.view.elapsed <= most


def test_the_order_of_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = RunStore.open(tmp_path)
    names = []
    for now in (1.7e9, 1.7e9 - 7200, 1.7e9 + 7200, 1.7e9):
        monkeypatch.setattr(time, "time", lambda now=now: now)
        names.append(store.create("a run", "worker", None).id)
    for found in (store, RunStore.open(tmp_path)):
        assert page(found.entries(), 10).keys == names[::-1]


def test_at_no_moment_a_pause_counts_as_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, now, seen = RunStore.open(tmp_path), [1000.0], list[float]()

    async def live() -> None:
        run = store.create("a run", "worker", None)
        await run.move(RunState.PREPARING)
        await run.begin(RunHeader.model_validate(header()))
        await run.move(RunState.PAUSED)
        now[0] += 3600
        looking = False

        def clock() -> float:
            nonlocal looking
            if not looking:  # as a viewer's thread does, whenever
                looking = True
                seen.append(run.view.elapsed)
                looking = False
            return now[0]

        monkeypatch.setattr(time, "monotonic", clock)
        await run.move(RunState.RUNNING)
        monkeypatch.undo()
        await run.move(RunState.STOPPED)

    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    run_alone(live())
    assert max(seen) < 60
