"""What is kept as the state of a run, and what is not: by the handler itself, to which a request's body comes."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import pytest
from starlette.requests import Request

from shiftscope.config import RunConfig
from shiftscope.launchers.local import LocalLauncher
from shiftscope.notices import NoticeError
from shiftscope.server import again
from shiftscope.server.quotas import GIB, Quotas
from shiftscope.server.run_state import RunState
from shiftscope.server.runs import Run
from shiftscope.server.services import Services
from shiftscope.server.settings import Settings
from shiftscope.server.states import keep
from shiftscope.server.store import RunStore
from shiftscope.server.supervisor import Supervisor
from shiftscope.wire.state_file import StateHead
from tests.alone import run_alone

NAME = "0123456789abcdef"
CONTENTS = b"whole" * 1000
STATE = StateHead.of(CONTENTS, 1).line + CONTENTS
Body = Callable[[], Awaitable[dict[str, Any]]]


class Kept:
    """A folder of recordings, and a run whose worker has a secret."""

    def __init__(self, folder: Path, source: str = "worker", **settings: Any) -> None:
        chosen = Settings(data=folder, **settings)
        supervisor = Supervisor(LocalLauncher(places=1, threads=1, spare=False), "", chosen)
        self.store, self.quotas = RunStore.open(folder), Quotas(chosen, supervisor)
        self.services = cast("Services", Parts(self.store, self.quotas, chosen))
        config = RunConfig.model_validate({"checkpoint_every": 10}) if source == "worker" else None
        self.run = self.store.create("a run", source, config)
        self.token = self.run.new_token()

    async def put(self, body: Body | bytes, name: str | None = None, run: Run | None = None) -> str:
        """Send a state; return what the answer's code is, empty where it was kept."""
        run = run or self.run
        receive = body if callable(body) else sent(body)
        headers = [(b"authorization", f"Bearer {self.token}".encode())]
        try:
            await keep(
                run, self.services, Request({"type": "http", "method": "PUT", "headers": headers}, receive), name
            )
        except NoticeError as error:
            return error.notice.code
        return ""

    @property
    def left(self) -> set[str]:
        """The files that lie where states lie."""
        return {path.name for path in self.run.checkpoint.parent.glob("*")}


class Parts:
    """The parts of a server that keep states."""

    def __init__(self, store: RunStore, quotas: Quotas, settings: Settings) -> None:
        self.store, self.quotas, self.settings = store, quotas, settings


def sent(*chunks: bytes, before_last: Callable[[], Awaitable[None]] | None = None) -> Body:
    """Return what receives a body in so many pieces."""
    left = list(chunks)

    async def receive() -> dict[str, Any]:
        if len(left) == 1 and before_last is not None:
            await before_last()
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    return receive


def test_a_state_is_kept_for_a_run_that_goes_on_and_for_the_fork_that_waits(tmp_path: Path) -> None:
    kept = Kept(tmp_path)

    async def gives_up() -> None:
        kept.run.awaited_state = ""

    async def ask() -> list[str]:
        answers = [await kept.put(STATE), await kept.put(STATE, NAME)]
        kept.run.awaited_state = NAME
        answers += [await kept.put(STATE, "f" * 16), await kept.put(STATE, NAME)]
        late = sent(STATE[:9], STATE[9:], before_last=gives_up)
        return [*answers, await kept.put(late, NAME)]

    unasked = "refused.state_not_asked_for"
    assert run_alone(ask()) == ["", unasked, unasked, "", unasked]
    assert kept.left == {kept.run.id, NAME}
    kept.store.delete(kept.run)
    assert kept.left == {NAME}, "that is the fork's to move or to remove"


def test_a_script_keeps_no_state_here(tmp_path: Path) -> None:
    kept = Kept(tmp_path, "script")
    assert run_alone(kept.put(STATE)) == "refused.keeps_no_state"
    assert run_alone(kept.put(STATE, NAME)) == "refused.state_not_asked_for"
    assert kept.left == set()


@pytest.mark.parametrize(
    ("most", "code"), [({"run_gib": 0.001}, "refused.state_size"), ({"total_gib": 0.001}, "refused.full")]
)
def test_bytes_count_as_they_come(tmp_path: Path, most: dict[str, Any], code: str) -> None:
    kept, piece = Kept(tmp_path, **most), bytes(GIB // 8000)
    came: list[int] = []

    async def endless() -> dict[str, Any]:
        came.append(len(piece))
        return {"type": "http.request", "body": piece, "more_body": True}

    async def ask() -> list[str]:
        return [await kept.put(endless), *await asyncio.gather(kept.put(endless), kept.put(endless))]

    assert run_alone(ask()) == [code] * 3
    assert len(came) <= 3 * 9
    assert kept.left == set()
    assert run_alone(kept.put(STATE)) == "", "what was refused takes nothing"


def test_what_breaks_off_does_not_fit_or_dawdles_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, never = Kept(tmp_path, request_seconds=1), asyncio.Event()

    async def breaks_off() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def dawdles() -> dict[str, Any]:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(never.wait(), 0.3)
        return {"type": "http.request", "body": b"x", "more_body": True}

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    async def ask() -> list[str]:
        answers = [await kept.put(breaks_off), await kept.put(dawdles)]
        monkeypatch.setattr(os, "fsync", full)
        return [*answers, await kept.put(STATE)]

    assert run_alone(ask()) == ["refused.torn_state", "refused.late", "event.state_not_kept"]
    assert kept.left == set()


def test_one_state_of_a_run_comes_at_a_time(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    begun: list[int] = []

    async def ask() -> list[str]:
        async def looks() -> None:
            begun.append(len(kept.left))

        bodies = [sent(STATE[:9], STATE[9:], before_last=looks) for _ in range(3)]
        return list(await asyncio.gather(*(kept.put(body) for body in bodies)))

    assert run_alone(ask()) == [""] * 3
    assert begun == [1, 2, 2], "a partial file, and what was kept before"


def test_what_comes_of_a_run_that_has_ended_leaves_nothing(tmp_path: Path) -> None:
    kept = Kept(tmp_path)

    async def ends() -> None:
        kept.run.awaited_state = ""
        await kept.run.move(RunState.STOPPED)
        again.forget(kept.run)
        assert kept.left == set()

    assert run_alone(kept.put(sent(STATE[:9], STATE[9:], before_last=ends))) == "refused.state_too_new"
    assert kept.left == set()


def test_a_run_that_ends_while_its_state_takes_its_place_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, replace = Kept(tmp_path), Path.replace
    removing = threading.Thread(target=again.forget, args=[kept.run])

    def ends(partial: Path, path: Path) -> Path:
        removing.start()
        removing.join(0.1)
        return replace(partial, path)

    async def ask() -> None:
        with monkeypatch.context() as patched:
            patched.setattr(Path, "replace", ends)
            await kept.put(STATE)
        await asyncio.to_thread(removing.join)

    run_alone(ask())
    assert kept.left == set()


def test_a_state_of_a_worker_after_which_another_came_is_not_kept(tmp_path: Path) -> None:
    kept = Kept(tmp_path)

    async def another() -> None:
        kept.run.new_token()

    async def ask() -> list[str]:
        meanwhile = sent(STATE[:9], STATE[9:], before_last=another)
        return [await kept.put(STATE), await kept.put(meanwhile), await kept.put(STATE)]

    assert run_alone(ask()) == ["", "refused.replaced", "refused.replaced"]
    assert kept.left == {kept.run.id}


@pytest.mark.parametrize("lost", [False, True], ids=["there", "lost"])
def test_another_server_knows_which_worker_is_the_newest(tmp_path: Path, lost: bool) -> None:
    """Where what the tokens are told by is lost, none is."""
    store, settings = RunStore.open(tmp_path), Settings(data=tmp_path)
    run = store.create("a run", "worker", RunConfig.model_validate({"checkpoint_every": 10}))

    async def assigned() -> list[str]:
        await run.move(RunState.PREPARING)
        first = await again.assignment(run, "", settings)
        await run.record("restarted", "", value={"step": 0})
        return [first.token, (await again.assignment(run, "", settings)).token]

    old, new = run_alone(assigned())
    run.close()
    store.close()
    if lost:
        run.token_file.unlink()
    found = Run.load(run.path)
    assert [found.admits(old), found.has_replaced(old)] == [False, True]
    assert [found.admits(new), found.has_replaced(new)] == [not lost, False]
