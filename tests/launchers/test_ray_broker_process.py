"""The process that speaks to Ray for a server, with programs in its place that do what it should not."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from shiftscope.config import Resources, RunConfig
from shiftscope.launchers import ray as ray_launcher
from shiftscope.launchers.base import Amount, Request, Waiting
from shiftscope.launchers.ray import RayLauncher
from shiftscope.launchers.ray_messages import Cluster, Gone, Placed
from shiftscope.notices import Notice
from shiftscope.wire.assignment import Assignment
from tests.alone import run_alone
from tests.waiting import PATIENCE

GOOD = f"""
print({Cluster(nodes=(), free=Amount(cpus=4)).line().decode()!r}, end="")
sys.stdin.readline()
print({Placed(run="r", node="one").line().decode()!r}, end="", flush=True)
for order in sys.stdin: pass
open(told, "w").write("let go")
"""
BAD = {
    "no report": "print('hello', flush=True); sys.stdin.read()",
    "a line without an end": "sys.stdout.write('x' * 400_000); sys.stdout.flush(); sys.stdin.read()",
    "a flood that heeds nothing": "while True: sys.stdout.write('x' * 100_000)",
    "bytes that are no text": r"sys.stdout.buffer.write(b'\xff\n'); sys.stdout.flush(); sys.stdin.read()",
    "an end at once": "pass",
}
HEAD = "import sys, pathlib\ntried, told = sys.argv[1:3]\n"
ONCE = "if not pathlib.Path(tried).exists():\n    pathlib.Path(tried).touch()\n    {bad}\n    sys.exit()\n"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_launcher, "RETRY_SECONDS", (0.0,))
    monkeypatch.setattr(ray_launcher, "FAREWELL_SECONDS", 2.0)
    monkeypatch.setattr(ray_launcher, "LINE_BYTES", 100_000)


def wants(said: list[Waiting]) -> Request:
    return Request("r", "somebody", Resources(), said.append)


def launcher(*command: str) -> RayLauncher:
    return RayLauncher(address="nowhere", url="", threads=1, broker=command)


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_a_run_finds_a_place_after_one_broker_that_failed(bad: str, tmp_path: Path) -> None:
    told, program = tmp_path / "told", HEAD + ONCE.format(bad=bad.replace("; ", "\n    ")) + GOOD

    async def placed() -> tuple[str, bool]:
        said: list[Waiting] = []
        ray = launcher(sys.executable, "-c", program, str(tmp_path / "tried"), str(told))
        await ray.prepare()
        async with asyncio.timeout(30), ray.place(wants(said)) as place:
            assert place is not None
            node = place.node
        await ray.close()
        return node, any(one.reason and one.reason.code == "wait.cluster" for one in said)

    assert run_alone(placed()) == ("one", True)
    assert told.read_text() == "let go"  # it was asked to end before it was made to


def test_a_place_that_is_lost_before_it_is_there_is_asked_for_again_each_time(tmp_path: Path) -> None:
    """As often for the second place of a run as for its first."""
    lost = Gone(run="r", reason=Notice(text="the node died"), lost=True).line().decode()
    placed = Placed(run="r", node="one").line().decode()
    almost = ray_launcher.MOST_TRIES - 1
    program = (
        HEAD
        + f"""
print({Cluster(nodes=(), free=Amount(cpus=4)).line().decode()!r}, end="", flush=True)
claims = 0
for order in sys.stdin:
    if '"claim"' in order:
        claims += 1
        print({lost!r} if claims % {almost + 1} else {placed!r}, end="", flush=True)
    if '"train"' in order:
        print({lost!r}, end="", flush=True)
"""
    )

    async def nodes() -> str:
        ray = launcher(sys.executable, "-c", program, str(tmp_path / "tried"), str(tmp_path / "told"))
        await ray.prepare()
        assignment = Assignment(url="", run="r", token="", config=RunConfig(), datasets=tmp_path, threads=1)
        async with asyncio.timeout(PATIENCE), ray.place(wants([])) as place:
            assert place is not None
            assert (await (await place.launch(assignment)).wait()).lost
            await place.launch(assignment)
            node = place.node
        await ray.close()
        return node

    assert run_alone(nodes()) == "one"


def test_a_broker_that_cannot_be_started_is_tried_again(tmp_path: Path) -> None:
    program = tmp_path / "broker"

    async def placed() -> str:
        ray, failed = launcher(str(program), str(tmp_path / "tried"), str(tmp_path / "told")), asyncio.Event()

        def hear(waiting: Waiting) -> None:
            if waiting.reason is not None and waiting.reason.code == "wait.cluster":
                failed.set()

        await ray.prepare()

        async def train() -> str:
            async with ray.place(Request("r", "somebody", Resources(), hear)) as place:
                assert place is not None
                return place.node

        training = asyncio.create_task(train())
        await asyncio.wait_for(failed.wait(), PATIENCE)
        staged = tmp_path / "staged"
        staged.write_text(f"#!{sys.executable}\n{HEAD}{GOOD}")
        staged.chmod(0o755)
        staged.rename(program)
        node = await asyncio.wait_for(training, PATIENCE)
        await ray.close()
        return node

    assert run_alone(placed()) == "one"
