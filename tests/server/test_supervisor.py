"""What a supervisor makes of workers that die, told by a launcher whose workers are none."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from shiftscope.config import Resources, RunConfig
from shiftscope.launchers.base import Launcher, Obituary, Place, Request, Standing, Waiting, Worker
from shiftscope.notices import Notice, notice
from shiftscope.recording.documents import ForkedFrom
from shiftscope.server import again, supervisor
from shiftscope.server import store as store_module
from shiftscope.server.run_state import RunState
from shiftscope.server.runs import Run
from shiftscope.server.settings import Settings
from shiftscope.server.store import RunStore
from shiftscope.server.supervisor import Supervisor
from shiftscope.wire.assignment import Assignment
from tests.alone import run_alone
from tests.waiting import PATIENCE, eventually

CONFIG = RunConfig.model_validate({"checkpoint_every": 100})


class Stub(Launcher, Place, Worker):
    """Its first workers die; the one after them trains for ever."""

    node = ""

    def __init__(self, deaths: int = 0, *, lost: bool = False) -> None:
        self.deaths, self.lost, self.launched = deaths, lost, 0
        self.training = asyncio.Event()

    @override
    async def prepare(self) -> None: ...

    @property
    @override
    def standing(self) -> Standing:
        return Standing(launcher="local")

    @override
    def unable(self, resources: Resources, *, now: bool = False) -> Notice | None: ...

    @override
    @asynccontextmanager
    async def place(self, request: Request) -> AsyncIterator[Place | None]:
        yield self

    @override
    async def launch(self, assignment: Assignment) -> Worker:
        self.launched += 1
        return self

    @override
    async def wait(self) -> Obituary:
        if self.launched > self.deaths:
            self.training.set()
            await asyncio.Event().wait()
        return Obituary(Notice(text="it died"), lost=self.lost)

    @override
    def withdraw(self, run: str) -> None: ...

    @override
    def kill(self) -> None: ...

    @override
    async def close(self) -> None: ...


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "LAST_WORD_SECONDS", 0.001)


async def served(folder: Path, launcher: Stub) -> tuple[RunState, int]:
    """Let a server train the folder's run until a worker trains or it has ended; return its state, and restarts."""
    store = RunStore.open(folder)
    run = next(iter(store.under_way()), None) or store.create("a run", "worker", CONFIG)
    serving = Supervisor(launcher, "", Settings(data=folder))
    serving.start(run)
    either = [asyncio.create_task(one) for one in (launcher.training.wait(), run.wait_until_ended())]
    _, left = await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    for one in left:
        one.cancel()
    await serving.close()
    store.close()
    return run.state, sum(event.kind == "restarted" for event in run.events)


def test_the_ends_of_servers_do_not_count_as_deaths_of_workers(tmp_path: Path) -> None:
    for times in range(6):
        assert run_alone(served(tmp_path, Stub())) == (RunState.PREPARING, times)


@pytest.mark.parametrize(
    ("deaths", "lost", "state", "restarts"),
    [(3, False, RunState.PREPARING, 3), (4, False, RunState.FAILED, 3), (6, True, RunState.PREPARING, 6)],
)
def test_deaths_of_workers_count_and_losses_of_machines_do_not(
    tmp_path: Path, deaths: int, lost: bool, state: RunState, restarts: int
) -> None:
    assert run_alone(served(tmp_path, Stub(deaths, lost=lost))) == (state, restarts)


def test_a_run_whose_machine_is_gone_shows_that_it_waits_for_another(tmp_path: Path) -> None:
    class Full(Stub):
        """Has one place, and never another."""

        waits = asyncio.Event()

        @override
        @asynccontextmanager
        async def place(self, request: Request) -> AsyncIterator[Place | None]:
            if self.launched:
                self.waits.set()
                await asyncio.Event().wait()
            yield self

    async def shown() -> tuple[str, bool]:
        launcher, store = Full(deaths=1, lost=True), RunStore.open(tmp_path)
        run = store.create("a run", "worker", CONFIG)
        serving = Supervisor(launcher, "", Settings(data=tmp_path))
        serving.start(run)
        await asyncio.wait_for(launcher.waits.wait(), PATIENCE)
        found = run.view
        await serving.close()
        store.close()
        return found.absence.code if found.absence else "", found.waiting

    assert run_alone(shown()) == ("absence.place", True)


def test_a_run_that_gets_another_place_before_its_header_waits_for_its_worker_there(tmp_path: Path) -> None:
    class Full(Stub):
        """Has a first place at once, and another after a wait for cores."""

        @override
        @asynccontextmanager
        async def place(self, request: Request) -> AsyncIterator[Place | None]:
            if self.launched:
                request.waits(Waiting(1, Notice(text="waits for 4 CPUs; 1 are free", code="wait.cpus")))
            yield self

    async def shown() -> str:
        launcher, store = Full(deaths=1, lost=True), RunStore.open(tmp_path)
        run = store.create("a run", "worker", CONFIG)
        serving = Supervisor(launcher, "", Settings(data=tmp_path))
        serving.start(run)
        await asyncio.wait_for(launcher.training.wait(), PATIENCE)
        found = run.view.preparing
        await serving.close()
        store.close()
        return found.code if found else ""

    assert run_alone(shown()) == "wait.worker"


def test_a_run_whose_place_went_away_before_its_worker_came_shows_where_it_is_trained(tmp_path: Path) -> None:
    class Moving(Stub):
        node = "one"

        @override
        async def launch(self, assignment: Assignment) -> Worker:
            self.node = "another"
            return await super().launch(assignment)

    async def shown() -> list[Any]:
        launcher, store = Moving(), RunStore.open(tmp_path)
        run = store.create("a run", "worker", CONFIG)
        serving = Supervisor(launcher, "", Settings(data=tmp_path))
        serving.start(run)
        await asyncio.wait_for(launcher.training.wait(), PATIENCE)
        await serving.close()
        store.close()
        assert run.view.node == "another"
        return [event.value for event in run.events if event.kind == "placed"]

    assert run_alone(shown()) == ["one", "another"]


@pytest.mark.parametrize("function", ["read_head", "assignment"])
def test_a_run_that_is_stopped_between_two_workers_gets_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    """Before its restart is recorded, or after that."""

    async def stop_meanwhile() -> None:
        launcher, store = Stub(deaths=2), RunStore.open(tmp_path)
        run = store.create("a run", "worker", CONFIG)
        serving = Supervisor(launcher, "", Settings(data=tmp_path))
        loop, true = asyncio.get_running_loop(), getattr(again, function)

        def stopping(*given: object) -> object:
            """Read the last state as a slow disk does: meanwhile the run is stopped."""
            if launcher.launched:
                asyncio.run_coroutine_threadsafe(serving.stop(run), loop).result()
            return true(*given)

        async def assigning(*given: object) -> object:
            """Assign, and have the run stopped meanwhile."""
            if launcher.launched:
                await serving.stop(run)
            return await true(*given)

        monkeypatch.setattr(again, function, stopping if function == "read_head" else assigning)
        serving.start(run)
        await run.wait_until_ended()
        await asyncio.to_thread(eventually, lambda: not run.conducted)
        assert (run.state, run.events[-1].kind, launcher.launched) == (RunState.STOPPED, "state", 1)
        await serving.close()

    run_alone(stop_meanwhile())


@pytest.mark.parametrize("deaths", [0, 1], ids=["a launcher that fails", "a journal that does not fit"])
def test_a_run_that_the_server_fails_at_does_not_seem_to_go_on(tmp_path: Path, deaths: int) -> None:
    class Failing(Stub):
        @override
        async def wait(self) -> Obituary:
            if self.deaths:
                return await super().wait()
            raise ZeroDivisionError

    async def fail() -> Run:
        run = RunStore.open(tmp_path).create("a run", "worker", CONFIG)
        await run.record("applied", value={"step": "abc"})
        serving = Supervisor(Failing(deaths), "", Settings(data=tmp_path))
        serving.start(run)
        await run.wait_until_ended()
        await serving.close()
        return run

    run = run_alone(fail())
    assert run.state is RunState.FAILED
    assert run.status.reason is not None
    assert run.status.reason.code == "end.server_failed"
    assert run.status.reason.values["error"] == ("ValidationError" if deaths else "ZeroDivisionError")


@pytest.mark.parametrize("error", [ZeroDivisionError(), asyncio.CancelledError()], ids=lambda one: type(one).__name__)
def test_a_run_that_no_place_can_be_found_for_does_not_wait_on(tmp_path: Path, error: BaseException) -> None:
    """A fork, that would wait on in another server."""

    class Failing(Stub):
        @override
        @asynccontextmanager
        async def place(self, request: Request) -> AsyncIterator[Place | None]:
            raise error
            yield self

    run = run_alone(conducted(tmp_path, Failing(), b"a state"))
    assert run.state is RunState.FAILED
    assert run.status.reason is not None
    assert run.status.reason.values == {"state": RunState.QUEUED.word, "error": type(error).__name__}


def test_a_fork_whose_state_is_not_there_fails_and_says_so(tmp_path: Path) -> None:
    run = run_alone(conducted(tmp_path, Stub()))
    assert run.state is RunState.FAILED
    assert run.status.reason is not None
    assert run.status.reason.values == {"error": notice("end.state_gone", step=7)}


async def conducted(folder: Path, launcher: Stub, state: bytes = b"") -> Run:
    """Return a fork that was started, when it has ended."""
    run = RunStore.open(folder).create("a run", "worker", RunConfig(), forked=ForkedFrom(run="another", step=7))
    if state:
        run.checkpoint.parent.mkdir()
        run.checkpoint.write_bytes(state)
    serving = Supervisor(launcher, "", Settings(data=folder))
    serving.start(run)
    await asyncio.wait_for(run.wait_until_ended(), PATIENCE)
    await serving.close()
    return run


@pytest.mark.parametrize("late", [False, True])
def test_a_run_goes_on_whenever_its_recording_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    RunStore.open(tmp_path).create("a run", "worker", CONFIG).close()
    readable, true = threading.Event(), Run.load

    def load(path: Path) -> Run:
        readable.wait(PATIENCE)
        return true(path)

    async def serve() -> int:
        launcher, store = Stub(), await asyncio.to_thread(RunStore.open, tmp_path)
        serving = Supervisor(launcher, "", Settings(data=tmp_path))
        loop = asyncio.get_running_loop()
        store.tell_under_way(lambda run: loop.call_soon_threadsafe(serving.go_on, run))
        assert len(store.under_way()) == (not late)
        readable.set()
        await asyncio.wait_for(launcher.training.wait(), PATIENCE)
        await serving.close()
        for run in store.under_way():
            serving.go_on(run)
        assert not serving.waiting, "it starts none when it is closed"
        store.close()
        return launcher.launched

    if late:
        monkeypatch.setattr(store_module, "AT_ONCE_SECONDS", 0)
        monkeypatch.setattr(Run, "load", load)
    assert run_alone(serve()) == 1
