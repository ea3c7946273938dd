"""What the process that speaks to Ray reports where Ray does what it should not, without a cluster."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from shiftscope.config import RunConfig
from shiftscope.launchers.ray_messages import REPORT, Claim, Gone, Release, Train
from shiftscope.wire.assignment import Assignment
from tests.alone import run_alone
from tests.waiting import PATIENCE

ray_broker = pytest.importorskip(
    "shiftscope.launchers.ray_broker", reason="Ray is not installed: pip install 'shiftscope[cluster]'"
)


from ray.exceptions import ActorUnavailableError, RayActorError  # noqa: E402  without Ray none of this is tested

from shiftscope.launchers.ray_cluster import Seen  # noqa: E402


class Out(io.BytesIO):
    """Where reports go; knows when there is one."""

    def __init__(self) -> None:
        super().__init__()
        self.told = asyncio.Event()

    def flush(self) -> None:
        super().flush()
        self.told.set()


def fake_ray(ready: Any, train: Any = None) -> SimpleNamespace:
    """Ray, where a place is what `ready` returns and ends as `train` does, and nothing can be killed."""

    def kill(*_: object, **__: object) -> None:
        raise ValueError("there is no such actor")

    actor = SimpleNamespace(ready=SimpleNamespace(remote=ready), train=SimpleNamespace(remote=train))
    keeper = SimpleNamespace(options=lambda **_: SimpleNamespace(remote=lambda: actor))
    return SimpleNamespace(remote=lambda _: keeper, kill=kill)


def claim(run: str) -> Claim:
    return Claim(run=run, cpus=1, gpus=0, memory=0)


def test_whatever_ends_a_place_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    async def break_off() -> str:
        raise SystemError("no such thing\nin the store")

    monkeypatch.setattr(ray_broker, "ray", fake_ray(break_off))

    async def reported() -> Any:
        out = Out()
        ray_broker.Broker(out).obey(claim("r"))
        await asyncio.wait_for(out.told.wait(), PATIENCE)
        return REPORT.validate_json(out.getvalue())

    gone = run_alone(reported())
    assert isinstance(gone, Gone)
    assert (gone.run, gone.reason.code, gone.lost) == ("r", "end.place_failed", False)
    assert gone.reason.values["error"] == "SystemError: in the store"


def test_a_place_that_is_lost_with_the_cluster_is_no_fault_of_its_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray says that the actor is gone, and answers no question after that."""
    lost = asyncio.Event()

    async def node() -> str:
        return "a node"

    async def train(_: str) -> str:
        lost.set()
        raise RayActorError

    def look() -> Any:
        if lost.is_set():
            raise RuntimeError("the GCS does not answer")
        return Seen()

    monkeypatch.setattr(ray_broker, "ray", fake_ray(node, train))
    monkeypatch.setattr(ray_broker, "look", look)

    gone = run_alone(what_is_reported_of_a_training())
    assert (gone.reason.code, gone.lost) == ("end.cluster_lost", True)


@pytest.mark.parametrize(
    ("error", "lost"), [(ActorUnavailableError("no answer", None), True), (RayActorError(), False)]
)
def test_a_process_that_is_not_to_be_reached_on_a_node_that_lives_is_no_fault_of_its_run(
    error: Exception, lost: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def node() -> str:
        return "a node"

    async def train(_: str) -> str:
        raise error

    monkeypatch.setattr(ray_broker, "ray", fake_ray(node, train))
    monkeypatch.setattr(ray_broker, "look", lambda: Seen(alive=frozenset({"a node"})))
    for patience in ("NODE_DEATH_SECONDS", "PROCESS_DEATH_SECONDS"):
        monkeypatch.setattr(ray_broker, patience, 0.0)
    gone = run_alone(what_is_reported_of_a_training())
    assert (gone.reason.code, gone.lost) == ("end.place_lost", lost)


async def what_is_reported_of_a_training() -> Gone:
    out = Out()
    broker = ray_broker.Broker(out)
    broker.obey(claim("r"))
    await asyncio.wait_for(out.told.wait(), PATIENCE)
    out.told.clear()
    assignment = Assignment(url="", run="r", token="", config=RunConfig(), datasets=Path(), threads=1)
    broker.obey(Train(run="r", assignment=assignment))
    await asyncio.wait_for(out.told.wait(), PATIENCE)
    found = REPORT.validate_json(out.getvalue().splitlines()[-1])
    assert isinstance(found, Gone)
    return found


def test_a_place_that_cannot_be_killed_ends_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    async def released() -> None:
        held = asyncio.Event()

        async def hold() -> str:
            held.set()
            await asyncio.Event().wait()
            return ""

        monkeypatch.setattr(ray_broker, "ray", fake_ray(hold))
        broker = ray_broker.Broker(Out())
        broker.obey(claim("r"))
        await asyncio.wait_for(held.wait(), PATIENCE)
        broker.obey(Release(run="r"))

    run_alone(released())
