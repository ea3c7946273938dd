"""What must not be lost, and what must not stand still, when something is killed."""

from __future__ import annotations

import gzip
import hashlib
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shiftscope.recording.reader import open_recording
from tests.conftest import LiveServer, serve
from tests.producer import Producer, frame
from tests.viewer import Viewer
from tests.waiting import PATIENCE, eventually

LONG: dict[str, Any] = {"duration": {"kind": "steps", "steps": 1_000_000}, "recording": {"kind": "every", "every": 1}}


def children(pid: int) -> list[int]:
    """Return the direct children of a process."""
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in listed.stdout.split()]


def alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def wait_until_dead(pid: int) -> None:
    eventually(lambda: not alive(pid), f"the end of process {pid}")


def resident(pid: int) -> int:
    """Return the resident memory of a process, in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_a_killed_worker_is_a_failed_run_and_the_server_goes_on(tmp_path: Path) -> None:
    with serve(tmp_path / "runs") as server:
        run = server.start(config=LONG)["id"]
        server.wait_for_step(run, 20)
        (worker,) = children(server.process.pid)
        os.kill(worker, signal.SIGKILL)
        failed = server.wait(run, "failed")
        assert failed["reason"]["text"].startswith("the worker was killed by SIGKILL")
        with open_recording(tmp_path / "runs" / f"{run}.shiftscope") as recording:
            assert [f.seq for f in recording.read()] == list(range(1, failed["seq"] + 1))
        again = server.start(config={"duration": {"kind": "steps", "steps": 3}})["id"]
        server.wait(again, "finished")


def test_a_killed_server_loses_no_acknowledged_frame(tmp_path: Path) -> None:
    data = tmp_path / "runs"
    with serve(data) as server:
        trained = server.start(config=LONG)["id"]
        server.wait_for_step(trained, 20)
        (worker,) = children(server.process.pid)
        with Viewer(server.url, trained) as viewer:
            seen = viewer.receive(30)
        with Producer(server.url) as producer:
            producer.begin()
            producer.socket.send(b"".join(map(frame, range(1, 501))))
            producer.wait_for_acknowledgement(500)
            os.kill(server.process.pid, signal.SIGKILL)
            server.process.wait(PATIENCE)
        wait_until_dead(worker)
    with serve(data) as server:
        found = server.wait(trained, "interrupted")
        assert "the server ended while the run was running" in found["reason"]["text"]
        waits = server.run(producer.run)
        assert (waits["state"], waits["reason"]) == ("running", None)
        assert "the server ended" in waits["absence"]["text"]
        with open_recording(data / f"{producer.run}.shiftscope") as recording:
            kept = recording.read()
        assert len(kept) == 500
        sent = hashlib.sha256(b"".join(map(frame, range(1, 501)))).hexdigest()
        assert hashlib.sha256(b"".join(f.data for f in kept)).hexdigest() == sent
        with open_recording(data / f"{trained}.shiftscope") as recording:
            stored = {f.seq: f.data for f in recording.read()}
        assert list(stored) == list(range(1, len(stored) + 1)), "a gap"
        assert all(stored[f.seq] == f.data for f in seen), "a viewer saw a frame that was not kept"


def test_a_server_that_is_told_to_end_takes_its_workers_along(tmp_path: Path) -> None:
    data = tmp_path / "runs"
    with serve(data, SHIFTSCOPE_SPARE_WORKER="1") as server:
        run = server.start(config=LONG)["id"]
        server.wait_for_step(run, 5)
        workers = children(server.process.pid)
    for worker in workers:
        wait_until_dead(worker)
    with serve(data) as server:
        found = server.wait(run, "interrupted")
    assert "the server was shut down" in found["reason"]["text"]


def test_a_viewer_that_stops_reading_slows_nothing_and_catches_up(tmp_path: Path) -> None:
    """100 MB go by while one viewer reads nothing: neither the producer nor the server's memory notices."""
    with serve(tmp_path / "runs") as server, Producer(server.url) as producer:
        width, count = 25_000, 1000
        producer.begin(width)
        with Viewer(server.url, producer.run) as asleep:
            before = resident(server.process.pid)
            for seq in range(1, count + 1):
                producer.socket.send(frame(seq, width))
            producer.wait_for_acknowledgement(count)
            grown = resident(server.process.pid) - before
            assert grown < 30e6, f"{grown / 1e6:.0f} MB"
            producer.end()
            asleep.until_closed()
    assert {f.seq: f.data for f in asleep.frames} == {seq: frame(seq, width) for seq in range(1, count + 1)}


def test_viewers_that_leave_in_mid_reading_harm_nothing(tmp_path: Path) -> None:
    """A read that goes on in a thread after its viewer has left must not meet a closed file: SQLite would crash."""
    with serve(tmp_path / "runs") as server:
        run = server.start(config=LONG)["id"]
        server.wait_for_step(run, 300)
        for _ in range(15):
            viewers = [Viewer(server.url, run) for _ in range(10)]
            for viewer in viewers:
                viewer.hear()
                viewer.socket.socket.close()
        assert server.run(run)["state"] == "running"
        assert server.process.poll() is None


def test_what_is_no_recording_does_not_keep_the_server_from_starting(tmp_path: Path) -> None:
    data = tmp_path / "runs"
    (data / "folder.shiftscope").mkdir(parents=True)
    (data / "dangling.shiftscope").symlink_to(tmp_path / "nothing")
    (data / "empty.shiftscope").touch()
    (data / "text.shiftscope").write_text("not a database " * 100)
    with serve(data) as server:
        listed = {run["file"]: run for run in server.client.get("/api/runs").json()}
        assert set(listed) == {"empty.shiftscope", "text.shiftscope"}
        assert listed["text.shiftscope"]["damage"]["code"] == "recording.not_a_recording"
    assert len(list(data.glob("*.shiftscope"))) == 4 - 1 + (data / "dangling.shiftscope").is_symlink()


def test_a_diverging_run_says_so_and_goes_on(server: LiveServer) -> None:
    config = {"optimizer": {"kind": "sgd", "learning_rate": 1000}, "duration": {"kind": "steps", "steps": 60}}
    run = server.wait(server.start(config=config)["id"], "finished", "failed")
    assert run["state"] == "finished"
    with open_recording(server.data / f"{run['id']}.shiftscope") as recording:
        events = [event for event in recording.journal() if event.kind == "diverged"]
        assert events
        assert f"diverged at step {events[0].step}" in events[0].message
        loss = recording.values("steps", "loss", network=events[0].network)
        count = recording.values("steps", "nonfinite_count", network=events[0].network)
    assert not np.isfinite(loss[-1])
    assert count[-1] > 0
    assert count[0] == 0


def test_a_diverging_run_stops_where_it_is_told_to(server: LiveServer) -> None:
    config = LONG | {"optimizer": {"kind": "sgd", "learning_rate": 1000}, "on_divergence": "stop"}
    run = server.wait(server.start(config=config)["id"], "stopped", "failed")
    assert run["state"] == "stopped"
    assert "diverged at step" in run["reason"]["text"]
    assert run["step"] < 1000


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:1000]), "train-images-idx3-ubyte"),
        (lambda path: path.write_bytes(b"not gzip at all"), "train-images-idx3-ubyte"),
    ],
)
def test_damaged_data_is_a_failed_run_with_a_sentence(tmp_path: Path, damage: Any, words: str) -> None:
    folder = tmp_path / "datasets" / "mnist"
    folder.mkdir(parents=True)
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (folder / f"{name}-ubyte.gz").write_bytes(gzip.compress(bytes(range(256)) * 8))
    damage(folder / "train-images-idx3-ubyte.gz")
    with serve(tmp_path / "runs", "--datasets", str(tmp_path / "datasets")) as server:
        run = server.wait(server.start(config={"dataset": {"kind": "mnist"}})["id"], "failed")
    assert words in run["reason"]["text"]
    assert "Traceback" not in run["reason"]["text"]
    assert run["seq"] == 0
