"""A run that keeps checkpoints goes on after its worker was killed, and after its server was: nothing lacks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from shiftscope.config import RunConfig
from shiftscope.recording.documents import Event, RunInfo
from shiftscope.recording.reader import open_recording
from shiftscope.recording.writer import RecordingWriter
from shiftscope.server.producer import new_admission
from shiftscope.wire.assignment import Assignment
from shiftscope.wire.state_file import StateHead, read_head
from tests.conftest import LiveServer, serve
from tests.relay import Relay
from tests.waiting import PATIENCE, eventually

RUN = {
    "pace": 100, "duration": {"kind": "steps", "steps": 400}, "network": {"depth": 2, "width": 6},
    "optimizer": {"kind": "momentum"}, "recording": {"kind": "thinning", "frames": 100, "studies": 20},
    "checkpoint_every": 40,
}  # fmt: skip


def workers(module: str = "shiftscope.runs.worker") -> dict[str, int]:
    """Return the processes of this machine that run a module, and the parent of each."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if module.encode() in (folder / "cmdline").read_bytes():
                found[folder.name] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    return found


def kill_worker(server: LiveServer) -> None:
    mine = [int(worker) for worker, parent in workers().items() if parent == server.process.pid]
    assert len(mine) == 1
    os.kill(mine[0], signal.SIGKILL)


def state(server: LiveServer, run: str) -> Path:
    return server.data / "checkpoints" / run


def rows(server: LiveServer, run: str) -> list[tuple[str, int, bytes]]:
    """Return stream, step and numbers of all frames, in order, and require that no seq lacks."""
    with open_recording(server.data / f"{run}.shiftscope") as recording:
        names = {layout.number: name for name, layout in recording.layouts.items()}
        frames = list(recording.read())
    assert [frame.seq for frame in frames] == list(range(1, len(frames) + 1))
    measured = [(names[one.stream], one.step, one.row.tobytes()) for one in frames]
    return [(stream, step, b"" if stream == "cost" else row) for stream, step, row in measured]


def journal(server: LiveServer, run: str, *kinds: str) -> list[Any]:
    with open_recording(server.data / f"{run}.shiftscope") as recording:
        return [(one.kind, one.step, one.message, one.value) for one in recording.journal() if one.kind in kinds]


SLOW = RUN | {"pace": 0.5, "checkpoint_every": 2, "duration": {"kind": "steps", "steps": 200}}
"""What a worker that is alone does not end before another goes on with it."""
OF_WORKERS = ("narration", "samples", "diverged", "applied")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    with serve(tmp_path_factory.mktemp("restarts") / "runs", "--workers", "1") as running:
        yield running


@pytest.fixture(scope="module")
def whole(server: LiveServer) -> str:
    """A run that nothing happened to."""
    run = server.start(config=RUN | {"pace": None})["id"]
    server.wait(run, "finished")
    return run


def held(server: LiveServer, step: int) -> str:
    """Return a run that is paused after so many steps, and keeps no further checkpoint."""
    run = str(server.start(config=RUN | {"pace": 0.1})["id"])
    server.wait_for_step(run, 1)  # done at once; each other one is granted
    server.client.post(f"/api/runs/{run}/pause").raise_for_status()
    for _ in range(step - 1):
        server.client.post(f"/api/runs/{run}/step").raise_for_status()
    server.wait_for_step(run, step)
    return run


def restarts(server: LiveServer, run: str) -> list[int]:
    return [value["step"] for _, _, _, value in journal(server, run, "restarted")]


def is_restarted(server: LiveServer, run: str, times: int) -> None:
    eventually(lambda: len(restarts(server, run)) == times)
    eventually(lambda: server.run(run)["absence"] is None)


def same_as(server: LiveServer, run: str, whole: str) -> bool:
    assert rows(server, run) == rows(server, whole)
    assert journal(server, run, *OF_WORKERS) == journal(server, whole, *OF_WORKERS)
    return True


def test_a_killed_worker_is_followed_by_another_that_does_the_same(server: LiveServer, whole: str) -> None:
    run = server.start(config=RUN)["id"]
    for times, step in enumerate((10, 50, 100), 1):  # before there is a checkpoint, and twice after that
        server.wait_for_step(run, step)
        if times > 1:
            eventually(state(server, run).exists)  # it is sent while training goes on
        kill_worker(server)
        is_restarted(server, run, times)
    server.client.patch(f"/api/runs/{run}", json={"pace": None}).raise_for_status()
    server.wait(run, "finished")
    assert same_as(server, run, whole)
    first, second, third = restarts(server, run)
    assert first == 0 < second <= third
    said = [message for _, _, message, _ in journal(server, run, "restarted")]
    assert said[0] == "the worker was killed by SIGKILL: it begins again at step 0, as it had kept no checkpoint"
    assert said[1] == f"the worker was killed by SIGKILL: it goes on from its checkpoint at step {second}"
    eventually(lambda: list(state(server, run).parent.glob("*")) == [])


def test_a_run_goes_on_with_new_replicas_after_one_was_killed(server: LiveServer) -> None:
    config = RUN | {"replicas": 2, "duration": {"kind": "steps", "steps": 40}, "checkpoint_every": 10}
    whole, run = (server.start(config=config | {"pace": pace})["id"] for pace in (None, 20))
    server.wait(whole, "finished")
    eventually(state(server, run).is_file)
    mine = [worker for worker, parent in workers().items() if parent == server.process.pid]
    (replica,) = [
        int(one) for one, parent in workers("shiftscope.runs.replica").items() if str(parent) in mine
    ]  # fmt: skip
    os.kill(replica, signal.SIGKILL)
    is_restarted(server, run, 1)
    server.client.patch(f"/api/runs/{run}", json={"pace": None}).raise_for_status()
    server.wait(run, "finished")
    assert same_as(server, run, whole)
    (step,) = restarts(server, run)
    assert step >= 10
    ((_, _, said, _),) = journal(server, run, "restarted")
    assert said == (
        "replica 1 of 2 was killed by SIGKILL: without it there is no further step: "
        f"it goes on from its checkpoint at step {step}"
    )


def test_a_torn_state_is_noticed_and_one_is_for_its_worker_alone(server: LiveServer, whole: str) -> None:
    run = held(server, 45)
    path = state(server, run)
    eventually(path.is_file)
    step, token = read_head(path).step, path.with_name(f"{run}.token").read_text()
    mine, address = {"Authorization": f"Bearer {token}"}, f"/api/runs/{run}/checkpoint"
    contents = b"whole"
    head = StateHead.of(contents, step + 1)
    assert server.client.get(address).status_code == 403
    assert server.client.put(address, content=head.line + contents).status_code == 403
    for wrong, status in (
        (head.line + contents[:-1], 400), (b"nothing", 400), (StateHead.of(contents, 1, 10**6).line + contents, 409),
    ):  # fmt: skip
        assert server.client.put(address, content=wrong, headers=mine).status_code == status
    assert server.client.get(address, headers=mine).content == path.read_bytes()
    assert read_head(path).step >= step
    path.write_bytes(path.read_bytes()[:-1])
    kill_worker(server)
    is_restarted(server, run, 1)
    assert restarts(server, run) == [0]
    refused = server.client.put(address, content=head.line + contents, headers=mine)
    assert (refused.status_code, refused.json()["code"]) == (410, "refused.replaced")
    server.client.patch(f"/api/runs/{run}", json={"pace": None}).raise_for_status()
    server.client.post(f"/api/runs/{run}/resume").raise_for_status()
    server.wait(run, "finished")
    assert same_as(server, run, whole)


def test_a_run_whose_worker_dies_again_and_again_fails(server: LiveServer) -> None:
    run = server.start(config=RUN | {"checkpoint_every": 100_000, "pace": 40})["id"]
    for times in range(1, 5):
        server.wait_for_step(run, 1)
        kill_worker(server)
        if times < 4:
            is_restarted(server, run, times)
    reason = server.wait(run, "failed")["reason"]
    assert (reason["code"], reason["values"]["times"]) == ("end.restarted_in_vain", 3)


@pytest.mark.parametrize("killed", [True, False], ids=["killed", "shut down"])
def test_a_server_goes_on_with_what_it_trained(server: LiveServer, whole: str, tmp_path: Path, killed: bool) -> None:
    with serve(tmp_path / "runs", "--workers", "1") as first:
        run, waiting = (first.start(config=RUN)["id"] for _ in range(2))
        first.wait_for_step(run, 50)
        first.client.post(f"/api/runs/{run}/pause").raise_for_status()
        (first.process.kill if killed else first.process.terminate)()
        first.process.wait()
    with serve(tmp_path / "runs", "--workers", "1") as second:
        eventually(lambda: second.run(run)["absence"] is None)
        assert second.run(run)["state"] == "paused"
        assert second.run(waiting)["state"] == "queued"
        second.client.patch(f"/api/runs/{run}", json={"pace": None}).raise_for_status()
        second.client.post(f"/api/runs/{run}/resume").raise_for_status()
        second.wait(run, "finished")
        assert rows(second, run) == rows(server, whole)
        second.client.post(f"/api/runs/{waiting}/stop").raise_for_status()


def under_way(data: Path, run: str) -> str:
    """Write a run that a worker trains, as a server leaves it; return what lets that worker in."""
    token, admission = new_admission()
    writer = RecordingWriter.create(data / f"{run}.shiftscope", info(run, 1.0, SLOW))
    writer.admit(admission)
    writer.log(Event(time=1.0, step=0, kind="state", value="preparing"))
    writer.close()
    (data / "checkpoints" / f"{run}.token").write_text(token)
    return token


def info(run: str, created: float, config: dict[str, Any]) -> RunInfo:
    return RunInfo(id=run, name=run, source="worker", created=created, config=RunConfig.model_validate(config))


@contextmanager
def worker_of(run: str, token: str, url: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    config = RunConfig.model_validate(SLOW)
    assigned = Assignment(url=url, run=run, token=token, config=config, datasets=folder, threads=1, spool=folder)
    command = [sys.executable, "-m", "shiftscope.runs.worker"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as worker:
        assert worker.stdin is not None
        try:
            worker.stdin.write(f"{assigned.model_dump_json()}\n")
            worker.stdin.flush()
            yield worker
        finally:
            worker.kill()


def test_a_worker_that_wakes_when_another_went_on_adds_nothing(tmp_path: Path) -> None:
    """One was stopped, one cut off; of what is kept of the run nothing is theirs."""
    data = tmp_path / "runs"
    (data / "checkpoints").mkdir(parents=True)
    RecordingWriter.create(data / "z.shiftscope", info("z", 0.0, {"pace": 1})).close()  # has the only place
    stopped, cut = under_way(data, "stopped"), under_way(data, "cut")
    with (
        serve(data, "--workers", "1") as shared,
        Relay(shared.port) as relay,
        worker_of("stopped", stopped, shared.url, tmp_path) as sleeper,
        worker_of("cut", cut, relay.url, tmp_path) as lonely,
    ):
        shared.wait("z", "running")
        for run in ("stopped", "cut"):
            eventually(state(shared, run).is_file)
        sleeper.send_signal(signal.SIGSTOP)
        relay.hold()
        shared.client.post("/api/runs/z/stop").raise_for_status()
        wakes = {"stopped": lambda: sleeper.send_signal(signal.SIGCONT), "cut": relay.release}
        for run, worker in (("stopped", sleeper), ("cut", lonely)):
            is_restarted(shared, run, 1)
            wakes[run]()
            assert worker.wait(PATIENCE) == 1
            assert worker.stderr is not None
            assert f"another worker goes on with run {run}" in worker.stderr.read()
            shared.client.patch(f"/api/runs/{run}", json={"pace": None}).raise_for_status()
            shared.wait(run, "finished")
        whole = shared.start(config=SLOW | {"pace": None})["id"]
        shared.wait(whole, "finished")
        for run in ("stopped", "cut"):
            assert same_as(shared, run, whole)
