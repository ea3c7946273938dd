"""A fork through the API: a second run that goes on from a step of the first, which stays as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from typing_extensions import override

from shiftscope.config import RunConfig
from shiftscope.launchers.local import LocalLauncher
from shiftscope.notices import Notice, NoticeError
from shiftscope.recording.documents import RecordingError
from shiftscope.recording.reader import open_recording
from shiftscope.server import forks, interventions, trials
from shiftscope.server.producer import Producer as Connection
from shiftscope.server.quotas import Quotas
from shiftscope.server.run_state import RunState
from shiftscope.server.runs import Run
from shiftscope.server.services import Services
from shiftscope.server.settings import Settings
from shiftscope.server.store import RunStore
from shiftscope.server.supervisor import Supervisor
from shiftscope.server.visitors import EVERYBODY
from shiftscope.wire.messages import Command
from tests.alone import run_alone
from tests.conftest import LiveServer, serve
from tests.producer import Producer
from tests.waiting import eventually

LONG = {
    "pace": 200, "duration": {"kind": "steps", "steps": 100_000}, "network": {"depth": 1, "width": 4},
    "recording": {"kind": "every", "every": 1}, "probes": "essential",
}  # fmt: skip
SHORT = LONG | {"pace": 40, "duration": {"kind": "steps", "steps": 400}}


def fork(server: LiveServer, run: str, **wanted: Any) -> dict[str, Any]:
    answer = server.client.post(f"/api/runs/{run}/fork", json=wanted)
    assert answer.status_code == 201, answer.text
    return answer.json()


def refusal(server: LiveServer, run: str, **wanted: Any) -> tuple[int, str]:
    answer = server.client.post(f"/api/runs/{run}/fork", json=wanted)
    return answer.status_code, answer.json()["detail"]


def command(server: LiveServer, run: str, told: str) -> None:
    server.client.post(f"/api/runs/{run}/{told}").raise_for_status()


def left_over(server: LiveServer) -> list[Path]:
    return list((server.data / "checkpoints").glob("*"))


def rows(path: Path, stream: str, since: int) -> dict[int, bytes]:
    with open_recording(path) as recording:
        layout = recording.layouts[stream]
        frames = [one for one in recording.read() if one.stream == layout.stream and one.step >= since]
        return {frame.step: frame.row.tobytes() for frame in frames}


@pytest.mark.parametrize("paused", [False, True], ids=["running", "paused"])
def test_a_fork_of_a_run_does_what_its_origin_does(server: LiveServer, paused: bool) -> None:
    origin = server.start(name="the first", config=SHORT)["id"]
    server.wait_for_step(origin, 20)
    if paused:
        command(server, origin, "pause")
    made = fork(server, origin, pace=None)
    start = made["forked"]["step"]
    assert made["forked"] == {"run": origin, "step": start}
    assert made["state"] in {"queued", "preparing"}, "where a place is free its worker begins at once"
    assert (made["step"], made["name"]) == (start, f"the first, from step {start}")
    assert start >= 20
    server.wait(made["id"], "finished")
    if paused:
        assert server.run(origin)["step"] == start
        command(server, origin, "resume")
    server.client.patch(f"/api/runs/{origin}", json={"pace": None})  # unless it has ended by now
    server.wait(origin, "finished")
    one, other = (rows(server.data / f"{run}.shiftscope", "layers", start) for run in (origin, made["id"]))
    assert min(other) == start
    assert one == other
    assert said(server, origin) == [(start, f"forked: {made['name']}")]
    assert said(server, made["id"]) == [(start, f"forked from the first at step {start}")]
    eventually(lambda: not left_over(server))


def said(server: LiveServer, run: str) -> list[tuple[int, str]]:
    with open_recording(server.data / f"{run}.shiftscope") as recording:
        return [(event.step, event.message) for event in recording.journal() if event.kind == "forked"]


def test_a_fork_takes_its_changes_and_survives_its_origin(server: LiveServer) -> None:
    origin = server.start(config=LONG)["id"]
    server.wait_for_step(origin, 5)
    server.client.patch(f"/api/runs/{origin}", json={"learning_rate": 0.03}).raise_for_status()
    same = fork(server, origin)
    other = fork(server, origin, name="the other", learning_rate=0.5, pace=100)
    found = [(one["name"], one["learning_rate"], one["pace"]) for one in (same, other)]
    assert found[0][1:] == (0.03, 200)
    assert found[1] == ("the other", 0.5, 100)
    assert other["config"]["optimizer"]["learning_rate"] == 0.5
    assert server.client.delete(f"/api/runs/{origin}").status_code == 204
    for one in (same, other):
        server.wait_for_step(one["id"], one["forked"]["step"] + 2)
    again = fork(server, other["id"])
    assert again["forked"]["run"] == other["id"]
    for one in (same, other, again):
        command(server, one["id"], "stop")
    rates = rows(server.data / f"{other['id']}.shiftscope", "steps", 0)
    assert min(rates) == other["forked"]["step"]
    eventually(lambda: not left_over(server))


def test_what_cannot_be_forked_is_refused_in_a_sentence(server: LiveServer) -> None:
    assert refusal(server, "nobody") == (404, "there is no run 'nobody'; it may have been deleted")
    run = server.start(config=LONG)["id"]
    server.wait_for_step(run, 1)
    for wrong in ({"learning_rate": -1}, {"pace": 0}, {"name": " "}, {"seed": 1}):
        assert server.client.post(f"/api/runs/{run}/fork", json=wrong).status_code == 422
    command(server, run, "stop")
    server.wait(run, "stopped")
    assert refusal(server, run) == (409, f"run {run} is stopped: it cannot be forked")
    with Producer(server.url) as script:
        script.begin()
        server.wait(script.run, "running")
        status, words = refusal(server, script.run)
        script.end()
    assert (status, words.startswith(f"run {script.run} is running: it cannot be forked from here")) == (409, True)


def test_a_state_that_cannot_be_kept_is_refused_and_the_run_goes_on(tmp_path: Path) -> None:
    with serve(tmp_path / "runs") as server:
        run = server.start(config=LONG)["id"]
        server.wait_for_step(run, 1)
        (server.data / "checkpoints").write_text("in the way of the folder")
        status, words = refusal(server, run)
        assert (status, words.startswith("the state could not be kept: ")) == (507, True)
        assert server.run(run)["state"] == "running"


def test_a_fork_that_waits_for_its_place_goes_on_though_its_server_was_killed(tmp_path: Path) -> None:
    with serve(tmp_path / "runs", "--workers", "1") as server:
        origin = server.start(config=LONG)["id"]
        server.wait_for_step(origin, 1)
        made, deleted = fork(server, origin), fork(server, origin)
        assert len(left_over(server)) == 2
        assert server.client.delete(f"/api/runs/{deleted['id']}").status_code == 204
        eventually(lambda: len(left_over(server)) == 1)
        server.process.kill()
        server.process.wait()
    with serve(tmp_path / "runs") as server:
        found = server.wait_for_step(made["id"], made["forked"]["step"] + 1)
        assert found["forked"] == made["forked"]
        eventually(lambda: left_over(server) == [])


class Parts:
    """The parts of a server that make runs, and one run that may be forked."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(data=folder)
        self.supervisor = Supervisor(LocalLauncher(places=1, threads=1, spare=False), "", self.settings)
        self.store, self.quotas = RunStore.open(folder), Quotas(self.settings, self.supervisor)
        self.run = self.store.create("a run", "worker", RunConfig())

    async def fork(self, worker: Worker) -> str:
        for state in (RunState.PREPARING, RunState.RUNNING):
            await self.run.move(state)
        self.run.producer = worker
        try:
            await forks.fork(self.run, cast("Services", self), EVERYBODY)
        except NoticeError as error:
            return error.notice.code
        return ""


class Worker(Connection):
    """Writes its state where one is asked for, and says so; or is silent."""

    def __init__(self, parts: Parts, *, answers: bool) -> None:
        self._run, self._answers, self.folder = parts.run, answers, parts.run.checkpoint.parent

    @override
    async def command(self, command: Command) -> None:
        if self._answers:
            (self.folder / f"{command.name}").write_bytes(b"state")
            await self._run.record("checkpoint", "", value=command.name, step=3)

    @override
    async def close(self, reason: Notice) -> None: ...

    @override
    async def displace(self) -> None: ...


def test_a_worker_that_does_not_answer_is_waited_for_no_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forks, "ANSWER_SECONDS", 0.01)
    parts = Parts(tmp_path)
    assert run_alone(parts.fork(Worker(parts, answers=False))) == "refused.no_answer"
    assert (parts.run.awaited_state, parts.run.state) == ("", RunState.RUNNING)
    assert [one.id for one in parts.store.entries()] == [parts.run.id]
    assert list((tmp_path / "checkpoints").glob("*")) == []


@pytest.mark.parametrize("where", ["record", "rename", "awaited", "start"])
def test_a_fork_that_cannot_be_made_whole_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    parts = Parts(tmp_path)

    async def full(*_: object) -> None:
        raise RecordingError(Notice(code="recording.not_written", text="the disk is full"))

    def no_room(*_: object) -> Path:
        raise OSError("the disk is full")

    def refuses(*_: object) -> None:
        raise RecordingError(Notice(code="recording.not_written", text="no"))

    if where == "record":
        monkeypatch.setattr(interventions, "record", full)
    elif where == "rename":
        monkeypatch.setattr(Path, "rename", no_room)
    elif where == "awaited":
        monkeypatch.setattr(forks, "_await_no_more", refuses)
    else:
        monkeypatch.setattr(Supervisor, "start", refuses)
    found = run_alone(parts.fork(Worker(parts, answers=True)))
    assert found == ("event.state_not_kept" if where == "rename" else "recording.not_written")
    assert [one.id for one in parts.store.entries()] == [parts.run.id]
    assert {path.name for path in tmp_path.rglob("*.shiftscope")} == {parts.run.path.name}
    assert list((tmp_path / "checkpoints").glob("*")) == []


def test_a_fork_whose_origin_has_gone_trains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = Parts(tmp_path)
    started: list[Run] = []

    def start(_: Supervisor, run: Run) -> None:
        parts.store.delete(parts.run)
        started.append(run)

    monkeypatch.setattr(Supervisor, "start", start)
    assert run_alone(parts.fork(Worker(parts, answers=True))) == ""
    assert [one.id for one in parts.store.entries()] == [one.id for one in started]
    assert started[0].goes_on


def test_a_trial_of_which_a_run_cannot_be_made_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts, create = Parts(tmp_path), RunStore.create

    def once(store: RunStore, *given: Any, **more: Any) -> Run:
        monkeypatch.setattr(RunStore, "create", no_room)
        return create(store, *given, **more)

    def no_room(*_: object, **__: object) -> Run:
        raise RecordingError(Notice(code="recording.not_made", text="the disk is full"))

    monkeypatch.setattr(RunStore, "create", once)
    with pytest.raises(RecordingError, match="full"):
        run_alone(trials.create_trial("batch-sizes", cast("Services", parts), EVERYBODY))
    assert [one.id for one in parts.store.entries()] == [parts.run.id]
    assert parts.supervisor.waiting.total() == 0
