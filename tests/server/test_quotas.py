"""What is promised counts like what is there: many who ask at once get no more than one after the other."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from starlette.requests import HTTPConnection

from shiftscope.launchers.local import LocalLauncher
from shiftscope.recording.folder import CHECKPOINTS
from shiftscope.server.quotas import QuotaExceeded, Quotas
from shiftscope.server.roles import Role
from shiftscope.server.settings import Settings
from shiftscope.server.supervisor import Supervisor
from shiftscope.server.visitors import EVERYBODY, Visitor, link_of
from tests.alone import run_alone


def quotas(folder: Path, **settings: int) -> Quotas:
    chosen = Settings(data=folder, **settings)
    return Quotas(chosen, Supervisor(LocalLauncher(places=1, threads=1, spare=False), "", chosen))


def test_as_many_runs_are_admitted_at_once_as_may_wait(tmp_path: Path) -> None:
    async def asked() -> list[bool]:
        counted, made = quotas(tmp_path, queued=100), asyncio.Event()

        async def ask() -> bool:
            try:
                async with counted.admitted():
                    await made.wait()
            except QuotaExceeded:
                return False
            return True

        asking = [asyncio.create_task(ask()) for _ in range(500)]
        await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
        made.set()
        answers = await asyncio.gather(*asking)
        async with counted.admitted(100) as queued:  # what was promised and never queued is free again
            queued()
            async with counted.admitted():
                pass
        return answers

    assert sum(run_alone(asked())) == 100


def test_students_close_the_queue_neither_for_each_other_nor_for_who_controls(tmp_path: Path) -> None:
    students = [Visitor(Role.VIEW, f"{n:016x}", "a class") for n in range(4)]

    async def asked() -> list[str]:
        counted, answers = quotas(tmp_path, queued=8), []
        async with AsyncExitStack() as promised:
            for runs, by in (
                (4, students[0]), (3, students[0]), (1, students[0]), (2, students[1]), (1, students[2]),
                (1, students[3]), (2, EVERYBODY), (1, EVERYBODY),
            ):  # fmt: skip
                try:
                    await promised.enter_async_context(counted.admitted(runs, by=by))
                    answers.append("")
                except QuotaExceeded as error:
                    answers.append(error.notice.code)
        return answers

    share, queue = "refused.share", "refused.queue"
    assert run_alone(asked()) == [share, "", share, "", "", share, "", queue]


def test_only_what_is_on_the_disk_fills_it(tmp_path: Path) -> None:
    (tmp_path / CHECKPOINTS).symlink_to(CHECKPOINTS)  # and what cannot be looked through holds nothing
    with (tmp_path / "a.shiftscope").open("wb") as file:
        file.truncate(4 << 40)

    async def asked(more: int) -> None:
        (tmp_path / "b.shiftscope").write_bytes(bytes(more))
        await Quotas(chosen, Supervisor(LocalLauncher(places=1, threads=1, spare=False), "", chosen)).check_room()

    chosen = Settings(data=tmp_path, total_gib=1 / 1024)
    run_alone(asked(1 << 19))
    with pytest.raises(QuotaExceeded):
        run_alone(asked(1 << 21))


def producer(found: Visitor | None, query: bytes = b"") -> HTTPConnection:
    return HTTPConnection({"type": "websocket", "headers": [], "query_string": query, "shiftscope.visitor": found})


def test_scripts_are_counted_by_their_link_and_not_by_what_they_call_their_browser(tmp_path: Path) -> None:
    named = [link_of(producer(Visitor(Role.VIEW, f"{n:016x}", "a class"))) for n in range(3)]
    assert len(set(named)) == 1
    assert len({named[0], link_of(producer(Visitor(Role.CONTROL)))}) == 2
    assert link_of(producer(None, b"run=a")) != link_of(producer(None, b"run=b"))
    counted = quotas(tmp_path, producers=1)
    with counted.producing(named[0]), pytest.raises(QuotaExceeded), counted.producing(named[1]):
        pass
    assert counted.links == 0
