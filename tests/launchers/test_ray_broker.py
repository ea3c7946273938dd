"""What the process that speaks to Ray reports where Ray does what it should not, without a cluster."""

from __future__ import annotations

import asyncio
import io
from types import SimpleNamespace
from typing import Any

import pytest

from shiftscope.launchers.ray_messages import REPORT, Claim, Gone, Release
from tests.alone import run_alone
from tests.waiting import PATIENCE

ray_broker = pytest.importorskip(
    "shiftscope.launchers.ray_broker", reason="Ray is not installed: pip install 'shiftscope[cluster]'"
)


class Out(io.BytesIO):
    """Where reports go; knows when there is one."""

    def __init__(self) -> None:
        super().__init__()
        self.told = asyncio.Event()

    def flush(self) -> None:
        super().flush()
        self.told.set()


def fake_ray(ready: Any) -> SimpleNamespace:
    """Ray, where a place is what `ready` returns, and nothing can be killed."""

    def kill(*_: object, **__: object) -> None:
        raise ValueError("there is no such actor")

    actor = SimpleNamespace(ready=SimpleNamespace(remote=ready))
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
