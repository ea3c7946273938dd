"""A server that is stopped, killed, restarted or cut off: training does not notice, and nothing is lost."""

from __future__ import annotations

import os
import resource
import signal
import socket
from itertools import count
from pathlib import Path

import pytest

from shiftscope.recording.reader import open_recording
from shiftscope.sinks.base import SinkError
from shiftscope.sinks.queued import Closing
from shiftscope.sinks.socket import Limits, SocketSink
from shiftscope.sinks.sync import send_spools, sync
from shiftscope.sinks.uplink import Deadlines
from shiftscope.wire.frames import RunHeader
from tests import producer
from tests.conftest import LiveServer, serve
from tests.relay import Relay
from tests.waiting import PATIENCE, eventually

WIDTH = 50
HEADER = RunHeader.model_validate(producer.header(WIDTH))
QUICK = Deadlines(dial=20, ping=0.2, silence=1, stall=0.2, spool=0.1, first_wait=0.02, longest_wait=0.2)
PATIENT = Closing(still=PATIENCE, all=PATIENCE)
IMPATIENT = Closing(still=0.2, all=1, leave=PATIENCE)


def limits(folder: Path, closing: Closing = PATIENT, **more: int) -> Limits:
    return Limits(folders=(folder,), deadlines=QUICK, closing=closing, **more)


class Script:
    """What a training does with a sink."""

    def __init__(self, sink: SocketSink) -> None:
        self.sink = sink
        self.done = 0
        sink.begin(HEADER)

    def steps(self, number: int) -> None:
        for _ in range(number):
            self.done += 1
            self.sink.frame(producer.frame(self.done, WIDTH))
            self.sink.progress(self.done)

    def note(self, words: str) -> None:
        self.sink.event("note", self.done, words)


def spools(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.shiftscope"))


def whole(path: Path, last: int) -> bool:
    """Whether a recording has every frame once, as it was sent."""
    with open_recording(path) as recording:
        return [frame.data for frame in recording.read()] == [producer.frame(seq, WIDTH) for seq in range(1, last + 1)]


def newest(path: Path) -> int:
    """The step of the last frame."""
    with open_recording(path) as recording:
        return recording.read()[-1].step


def notes(path: Path) -> list[str]:
    with open_recording(path) as recording:
        return [event.message for event in recording.journal() if event.kind == "note"]


@pytest.fixture
def port() -> int:
    """A port on which a server can be started again."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def test_a_run_goes_on_at_a_server_that_was_killed_and_started_again(tmp_path: Path, port: int) -> None:
    data, folder = tmp_path / "runs", tmp_path / "spool"
    with serve(data, port=port) as server:
        script = Script(SocketSink.connect(server.url, name="mine", limits=limits(folder)))
        script.steps(200)
        script.note("before")
        eventually(lambda: script.sink.acknowledged == 200)
        script.steps(50)
        server.process.kill()
        server.process.wait()
    script.note("meanwhile")
    script.steps(300)
    eventually(lambda: spools(folder), "a spool file")
    script.steps(300)
    with serve(data, port=port) as server:
        run = script.sink.run
        eventually(lambda: server.run(run)["seq"] == script.done, lambda: server.run(run))
        assert server.run(run)["absence"] is None
        script.steps(10)
        script.sink.end("finished", "done")
        found = server.run(run)
    assert (found["state"], found["reason"]["text"], found["step"]) == ("finished", "done", script.done)
    path = data / f"{run}.shiftscope"
    assert whole(path, script.done)
    assert notes(path) == ["before", "meanwhile"]
    assert {one.name for one in data.iterdir() if one.is_file()} == {path.name, ".lock", "index.sqlite"}
    assert spools(folder) == []


def test_a_server_that_stands_still_holds_up_nothing_and_gets_all_of_it(tmp_path: Path) -> None:
    data, folder = tmp_path / "runs", tmp_path / "spool"
    with serve(data) as server:
        script = Script(SocketSink.connect(server.url, limits=limits(folder)))
        script.steps(100)
        server.process.send_signal(signal.SIGSTOP)
        try:
            script.steps(500)
            eventually(lambda: spools(folder), "a spool file")
            script.steps(5000)
        finally:
            server.process.send_signal(signal.SIGCONT)
        script.sink.end("finished", "")
        assert server.wait(script.sink.run, "finished")["seq"] == script.done
    assert whole(data / f"{script.sink.run}.shiftscope", script.done)
    assert spools(folder) == []


@pytest.mark.parametrize("way", ["cut", "hold"])
def test_a_connection_that_breaks_or_falls_silent_comes_back_by_itself(
    server: LiveServer, tmp_path: Path, way: str
) -> None:
    with Relay(server.port) as relay:
        script = Script(SocketSink.connect(relay.url, limits=limits(tmp_path)))
        for number in count(2):
            script.steps(40)
            script.note(f"before outage {number - 1}")
            if number > 4:
                break
            getattr(relay, way)()
            script.steps(40)
            if way == "hold":
                # The connection is given up, and another is tried that no answer comes through either.
                eventually(lambda number=number: relay.connections >= number)
                relay.release()
            eventually(lambda: script.sink.acknowledged == script.done, lambda: script.sink.acknowledged)
        script.sink.end("finished", "")
    path = server.data / f"{script.sink.run}.shiftscope"
    assert whole(path, script.done)
    assert notes(path) == [f"before outage {number}" for number in range(1, 5)]


def test_what_is_left_when_the_script_ends_is_sent_later(
    tmp_path: Path, port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    data, folder = tmp_path / "runs", tmp_path / "spool"
    with serve(data, port=port) as server:
        script = Script(SocketSink.connect(server.url, limits=limits(folder, IMPATIENT)))
        script.steps(60)
        script.note("first")
        eventually(lambda: server.run(script.sink.run)["seq"] == 60)
        server.process.kill()
        server.process.wait()
    script.steps(40)
    script.note("second")
    script.sink.end("failed", "no more data")
    (spool,) = spools(folder)
    assert f"`shiftscope sync {spool}`" in capsys.readouterr().err
    assert spool.stat().st_mode & 0o077 == 0, "it holds the run's token"
    with open_recording(spool) as recording:
        assert recording.header == HEADER
        assert recording.steps("layers")[-1] == 100
    with pytest.raises(SinkError, match="no Shiftscope answers"):
        sync(spool, deadlines=QUICK)
    with serve(data, port=port) as server:
        assert server.run(script.sink.run)["state"] == "running"
        assert send_spools(server.url, [folder]) == []
        found = server.wait(script.sink.run, "failed")
    assert (found["seq"], found["reason"]["text"]) == (100, "no more data")
    path = data / f"{script.sink.run}.shiftscope"
    assert whole(path, 100)
    assert notes(path) == ["first", "second"]
    assert list(folder.iterdir()) == []


def test_the_spool_of_a_training_that_goes_on_is_its_own(server: LiveServer, tmp_path: Path) -> None:
    with Relay(server.port) as relay:
        script = Script(SocketSink.connect(relay.url, limits=limits(tmp_path)))
        script.steps(10)
        relay.hold()
        script.steps(10)
        (spool,) = eventually(lambda: spools(tmp_path), "a spool file")
        assert "in use" in eventually(lambda: send_spools(relay.url, [tmp_path]))[0]
        relay.release()
        script.sink.end("finished", "")
    assert whole(server.data / f"{script.sink.run}.shiftscope", 20)
    assert not spool.exists()


def test_what_has_no_room_is_dropped_counted_and_told(server: LiveServer, tmp_path: Path) -> None:
    size = len(producer.frame(1, WIDTH))
    with Relay(server.port) as relay:
        few = limits(tmp_path, memory=10 * size, spool=20 * size)
        script = Script(SocketSink.connect(relay.url, limits=few))
        script.steps(5)
        eventually(lambda: script.sink.acknowledged == 5)
        relay.hold()
        with pytest.warns(RuntimeWarning, match="frames are dropped") as warnings:
            eventually(lambda: script.steps(1) or len(warnings), every=0.005)
        script.steps(500)
        missed = script.done
        recorded = server.data / f"{script.sink.run}.shiftscope"
        relay.release()
        kept = eventually(lambda: script.sink.acknowledged if script.sink.acknowledged > 5 else 0)
        eventually(lambda: not spools(tmp_path))
        eventually(lambda: script.steps(1) or newest(recorded) > missed, "a step that finds room")
        script.sink.end("finished", "")
        assert len(warnings) == 1, "it warns once"
    assert kept < script.done
    with open_recording(recorded) as recording:
        frames = recording.read()
        events = [event for event in recording.journal() if event.code == "event.frames_dropped"]
    assert [frame.seq for frame in frames] == list(range(1, len(frames) + 1)), "no gap in the numbers"
    steps = [frame.step for frame in frames]
    assert sum(int(str(event.values["count"])) for event in events) == script.done - len(frames)
    for event in events:
        assert {event.values["first"], event.values["last"]} <= {0, *steps, script.done}


def test_a_server_whose_disk_is_full_gets_all_of_it_when_it_has_room(tmp_path: Path) -> None:
    data, folder = tmp_path / "runs", tmp_path / "spool"
    with serve(data) as server:
        script = Script(SocketSink.connect(server.url, limits=limits(folder)))
        script.steps(20)
        eventually(lambda: script.sink.acknowledged == 20)
        bounds = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (30_000, bounds[1]))
        script.steps(500)
        eventually(lambda: spools(folder), "a spool file")
        absent = eventually(lambda: server.run(script.sink.run)["absence"])
        assert absent["code"] == "absence.not_kept"
        script.steps(500)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, bounds)
        eventually(lambda: script.sink.acknowledged == script.done)
        script.sink.end("finished", "")
        assert server.run(script.sink.run)["state"] == "finished"
    assert whole(data / f"{script.sink.run}.shiftscope", script.done)


def test_a_run_that_was_stopped_at_the_page_is_told_once(server: LiveServer, tmp_path: Path) -> None:
    script = Script(SocketSink.connect(server.url, limits=limits(tmp_path)))
    script.steps(3)
    server.client.post(f"/api/runs/{script.sink.run}/stop").raise_for_status()
    with pytest.raises(SinkError, match="stopped from the page"):
        eventually(lambda: script.steps(1))
    assert spools(tmp_path) == []


def test_a_deleted_run_goes_on_in_a_file(
    server: LiveServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another server may listen there by now: what is measured is kept all the same."""
    with Relay(server.port) as relay:
        script = Script(SocketSink.connect(relay.url, limits=limits(tmp_path, IMPATIENT)))
        script.steps(3)
        eventually(lambda: script.sink.acknowledged == 3)
        relay.hold()
        relay.cut()
        server.client.delete(f"/api/runs/{script.sink.run}").raise_for_status()
        relay.release()
        script.steps(5)
        script.sink.end("finished", "")
    (spool,) = spools(tmp_path)
    assert str(spool) in capsys.readouterr().err
    with open_recording(spool) as recording:
        assert recording.steps("layers")[-1] == 8


def test_a_child_that_was_forked_off_sends_nothing(server: LiveServer, tmp_path: Path) -> None:
    script = Script(SocketSink.connect(server.url, limits=limits(tmp_path)))
    script.steps(10)
    child = os.fork()
    if child == 0:
        script.steps(10)
        script.note("from the child")
        script.sink.flush()
        script.sink.end("failed", "the child ended")
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    script.steps(10)
    script.sink.end("finished", "")
    path = server.data / f"{script.sink.run}.shiftscope"
    assert whole(path, 20)
    assert notes(path) == []
    assert server.run(script.sink.run)["state"] == "finished"


def test_no_place_for_a_spool_is_a_warning_and_no_error(server: LiveServer, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("no folder")
    with Relay(server.port) as relay:
        few = limits(tmp_path / "taken", memory=5000)
        script = Script(SocketSink.connect(relay.url, limits=few))
        relay.hold()
        with pytest.warns(RuntimeWarning, match="frames are dropped.*taken"):
            eventually(lambda: script.steps(1) or script.done > 2000, every=0.0005)
        relay.release()
        script.sink.end("finished", "")
    with open_recording(server.data / f"{script.sink.run}.shiftscope") as recording:
        assert recording.last_seq < script.done
