"""A run whose producer is gone for a while: it waits, says so, and goes on as the same run."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from shiftscope.config import RunConfig
from shiftscope.recording.documents import Destination, Event, RunInfo
from shiftscope.recording.reader import open_recording
from shiftscope.recording.writer import RecordingWriter
from shiftscope.server.producer import new_admission
from shiftscope.server.run_state import RunState
from shiftscope.server.store import RunStore
from shiftscope.sinks.file import open_file
from shiftscope.sinks.keeper import Keeper
from shiftscope.wire.assignment import Assignment
from shiftscope.wire.frames import Frame, RunHeader
from shiftscope.wire.messages import End, EventMessage
from tests.alone import run_alone
from tests.conftest import LiveServer, serve
from tests.producer import Producer, frame, header
from tests.relay import Relay
from tests.viewer import Viewer
from tests.waiting import PATIENCE, eventually


def break_off(connection: ClientConnection) -> None:
    """End a connection as a network does: without a word."""
    connection.socket.shutdown(socket.SHUT_RDWR)


def begun(server: LiveServer, frames: int = 3) -> Producer:
    producer = Producer(server.url)
    producer.begin()
    producer.socket.send(b"".join(map(frame, range(1, frames + 1))))
    producer.say(type="event", kind="note", step=1, message="one")
    producer.wait_for_acknowledgement(frames, events=1)
    return producer


def hello(producer: Producer) -> dict[str, Any]:
    return {"run": producer.run, "token": producer.welcome["token"]}


def test_a_script_whose_connection_breaks_is_waited_for_and_goes_on(server: LiveServer) -> None:
    first = begun(server)
    with Viewer(server.url, first.run) as viewer:
        viewer.receive(3)
        break_off(first.socket)
        absent = eventually(lambda: server.run(first.run)["absence"])
        assert absent["text"] == "there is no connection to its script"
        assert server.run(first.run)["state"] == "running"
        with Producer(server.url, hello(first)) as second:
            after = {key: second.welcome[key] for key in ("run", "token", "after", "events", "begun")}
            assert after == {**hello(first), "after": 3, "events": 1, "begun": True}
            assert server.run(first.run)["absence"] is None
            second.socket.send(frame(4))
            second.end()
        viewer.until_closed()
    assert [one.seq for one in viewer.frames] == [1, 2, 3, 4]
    kinds = [(text["event"]["kind"], text["event"]["value"]) for text in viewer.of_type("event")]
    assert kinds[-3:] == [("connection", "lost"), ("connection", "back"), ("state", "finished")]


def test_who_comes_back_takes_the_place_of_what_is_left_of_the_old_connection(server: LiveServer) -> None:
    with begun(server) as first, Producer(server.url, hello(first)) as second:
        with pytest.raises(ConnectionClosed) as closed:
            first.wait_for_acknowledgement(99)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1013
        second.socket.send(frame(4))
        second.wait_for_acknowledgement(4)
        second.end()
    found = server.run(first.run)
    assert (found["state"], found["seq"]) == ("finished", 4)


def test_a_token_is_needed_also_by_who_comes_back(server: LiveServer) -> None:
    with begun(server) as first:
        with pytest.raises(ConnectionClosed) as closed:
            Producer(server.url, {"run": first.run, "token": "guess"})
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008
        first.socket.send(frame(4))
        first.wait_for_acknowledgement(4)
        first.end()


def test_a_recording_that_is_handed_on_lets_nobody_in(server: LiveServer) -> None:
    with begun(server) as producer:
        body = server.client.get(f"/api/runs/{producer.run}/recording").content
        assert producer.welcome["token"].encode() not in body
        producer.end()


@pytest.mark.parametrize("state", ["finished", "failed", "stopped"])
def test_a_run_that_has_ended_takes_nothing_more(server: LiveServer, state: str) -> None:
    with begun(server) as producer:
        producer.end(state)
    with pytest.raises(ConnectionClosed) as closed:
        Producer(server.url, hello(producer))
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4410
    assert state in closed.value.rcvd.reason


def test_a_script_that_stays_away_is_interrupted_and_may_yet_come_back(tmp_path: Path) -> None:
    with serve(tmp_path / "runs", "--absence", "1") as server:
        first = begun(server)
        break_off(first.socket)
        given_up = server.wait(first.run, "interrupted")
        assert given_up["reason"]["code"] == "end.script_absent"
        assert (given_up["absence"], given_up["ended"] is not None) == (None, True)
        with Producer(server.url, hello(first)) as second:
            going_on = server.run(first.run)
            assert (going_on["state"], going_on["reason"], going_on["ended"]) == ("running", None, None)
            second.socket.send(frame(4))
            second.end()
        assert server.run(first.run)["state"] == "finished"
    with open_recording(tmp_path / "runs" / f"{first.run}.shiftscope") as recording:
        states = [event.value for event in recording.journal() if event.kind == "state"]
        assert [one.seq for one in recording.read()] == [1, 2, 3, 4]
    assert states == ["preparing", "running", "interrupted", "running", "finished"]


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_a_server_that_starts_again_knows_the_script_that_comes_back(tmp_path: Path, ending: signal.Signals) -> None:
    with serve(tmp_path / "runs") as server:
        first = begun(server)
        waiting = Producer(server.url)
        server.process.send_signal(ending)
        server.process.wait(PATIENCE)
    with serve(tmp_path / "runs") as server:
        assert server.run(first.run)["state"] == "running"
        assert server.run(first.run)["absence"]["code"].startswith("absence.server_")
        assert server.run(waiting.run)["state"] == "preparing"
        with Producer(server.url, hello(first)) as second:
            assert (second.welcome["after"], second.welcome["events"]) == (3, 1)
            second.end()
        with Producer(server.url, hello(waiting)) as third:
            assert (third.welcome["after"], third.welcome["begun"]) == (0, False)
            third.begin()
            third.end()
        assert [server.run(one.run)["state"] for one in (first, waiting)] == ["finished", "finished"]


def test_a_recording_that_a_script_still_writes_is_shown_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "mine.shiftscope"
    path.parent.mkdir()
    sink = open_file(path, name="mine")
    sink.begin(RunHeader.model_validate(header()))
    sink.frame(frame(1))
    sink.flush()
    eventually(lambda: events_of(path) == ["running"])
    with serve(tmp_path / "runs") as server:
        (run,) = server.client.get("/api/runs").json()
        assert (run["state"], run["absence"]["code"]) == ("running", "absence.file")
        sink.frame(frame(2))
        sink.end("finished", "")
    assert events_of(path) == ["running", "finished"]
    with serve(tmp_path / "runs") as server:
        assert [run["state"] for run in server.client.get("/api/runs").json()] == ["finished"]


def test_a_recording_whose_script_was_killed_is_interrupted(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "mine.shiftscope"
    path.parent.mkdir()
    program = (
        "import os, sys; from shiftscope.sinks.file import open_file; from pathlib import Path\n"
        "from shiftscope.wire.frames import RunHeader; from tests.producer import header\n"
        "sink = open_file(Path(sys.argv[1])); sink.begin(RunHeader.model_validate(header())); sink.flush()\n"
        "sys.stdin.read()"
    )
    script = subprocess.Popen([sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE)
    eventually(lambda: path.exists() and events_of(path) == ["running"])
    script.kill()
    script.wait(PATIENCE)
    with serve(tmp_path / "runs") as server:
        (run,) = server.client.get("/api/runs").json()
    assert (run["state"], run["reason"]["code"]) == ("interrupted", "end.server_ended")


def events_of(path: Path) -> list[Any]:
    try:
        with open_recording(path) as recording:
            return [event.value for event in recording.journal()]
    except Exception:  # noqa: BLE001  it is being made
        return []


def test_a_worker_whose_connection_breaks_goes_on(tmp_path: Path) -> None:
    """Told to train by hand, and over a network that is cut; paused meanwhile, it pauses when it is back."""
    data = tmp_path / "runs"
    config = RunConfig.model_validate({"duration": {"kind": "steps", "steps": 1_000_000}, "pace": 100})
    token, admission = new_admission()
    data.mkdir()
    info = RunInfo(id="mine", name="mine", source="worker", created=0.0, config=config)
    writer = RecordingWriter.create(data / "mine.shiftscope", info)
    writer.admit(admission)
    writer.close()
    with serve(data) as server, Relay(server.port) as relay:
        assignment = Assignment(
            url=relay.url,
            run="mine",
            token=token,
            config=config,
            datasets=tmp_path,
            threads=1,
            spool=tmp_path / "spool",
        )
        command = [sys.executable, "-m", "shiftscope.runs.worker"]
        worker = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert worker.stdin is not None
        worker.stdin.write(assignment.model_dump_json().encode() + b"\n")
        worker.stdin.flush()
        server.wait("mine", "running")
        server.wait_for_step("mine", 5)
        for _ in range(2):
            before = server.run("mine")["step"]
            relay.cut()
            eventually(lambda before=before: server.run("mine")["step"] > before + 20, lambda: server.run("mine"))
        server.client.post("/api/runs/mine/pause").raise_for_status()
        relay.cut()
        eventually(lambda: server.run("mine")["absence"] is None and relay.connections > 3)
        server.client.post("/api/runs/mine/step").raise_for_status()
        assert worker.poll() is None
        worker.stdin.close()
        assert worker.wait(PATIENCE) == 1, "it ends with its server"
    with open_recording(data / "mine.shiftscope") as recording:
        frames = recording.read()
    assert [one.seq for one in frames] == list(range(1, len(frames) + 1))


@pytest.mark.parametrize(("events", "notes"), [(0, ["one"]), (1, ["one", "another"]), (3, ["one", "another"])])
def test_a_server_that_starts_sends_itself_what_its_workers_could_not(
    tmp_path: Path, events: int, notes: list[str]
) -> None:
    """Also if it has more or fewer events than it acknowledged."""
    data = tmp_path / "runs"
    with serve(data) as server:
        producer = begun(server)
        server.process.kill()
        server.process.wait(PATIENCE)
    leave_spool(data, producer, events)
    with serve(data) as server:
        server.wait(producer.run, "stopped")
        assert server.run(producer.run)["seq"] == 5
        eventually(lambda: not list((data / "spool").iterdir()))
    with open_recording(data / f"{producer.run}.shiftscope") as recording:
        assert [event.message for event in recording.journal() if event.kind == "note"] == notes


def test_what_a_worker_left_is_removed_once_nobody_will_ever_take_it_and_a_scripts_stays(tmp_path: Path) -> None:
    data = tmp_path / "runs"
    (data / "spool").mkdir(parents=True)
    script, worker = (spool_of(data / "spool", source, ended(data, source)) for source in ("script", "worker"))
    with serve(data):
        eventually(lambda: not worker.exists())  # the script's was tried before it
    assert script.exists()


def ended(data: Path, source: str) -> str:
    """Write a run that has failed, named like what trained it; return what lets its producer in."""
    token, admission = new_admission()
    writer = RecordingWriter.create(
        data / f"{source}.shiftscope", RunInfo(id=source, name=source, source=source, created=0.0)
    )  # fmt: skip
    writer.admit(admission)
    writer.log(Event(time=1.0, step=0, kind="state", value="failed"))
    writer.close()
    return token


def spool_of(folder: Path, run: str, token: str, url: str = "http://gone") -> Path:
    """Write what a producer could not send."""
    path = folder / f"{run}.shiftscope"
    spool = RecordingWriter.create(path, RunInfo(id=f"spool of {run}", name="left", source="script", created=0.0))
    spool.address(Destination(url=url, run=run, token=token, events=0))
    spool.close()
    return path


def test_a_spool_among_the_recordings_can_be_looked_at(tmp_path: Path) -> None:
    data = tmp_path / "runs"
    with serve(data) as server:
        producer = begun(server)
        server.process.kill()
        server.process.wait(PATIENCE)
    spool = leave_spool(data, producer)
    spool.rename(data / spool.name)
    with serve(data) as server, Viewer(server.url, "spool") as viewer:
        viewer.until_closed()
        assert viewer.close_code == 1000
    assert [one.seq for one in viewer.frames] == [4, 5]


def leave_spool(data: Path, producer: Producer, events: int = 1) -> Path:
    """Write what a producer could not send, as it would have, and the event after so many."""
    (data / "spool").mkdir()
    path = data / "spool" / "left.shiftscope"
    info = RunInfo(id="spool", name="left", source="script", created=0.0)
    writer = RecordingWriter.create(path, info)
    writer.address(Destination(url="http://gone", run=producer.run, token=producer.welcome["token"], events=events))
    keeper = Keeper(writer)
    keeper.begin(RunHeader.model_validate(header()))
    keeper.event(EventMessage.saying("another", kind="note", step=3))
    keeper.frames([Frame.parse(frame(seq)) for seq in (4, 5)])
    keeper.end(End(state="stopped", reason="enough"))
    keeper.close()
    return path


def test_a_header_that_comes_again_while_it_is_kept_is_kept_once(tmp_path: Path) -> None:
    """As where a connection is cut before the producer has heard that the server has it."""

    async def begin_twice() -> str:
        run = RunStore.open(tmp_path).create("a run", "worker", None)
        await run.move(RunState.PREPARING)
        sent = RunHeader.model_validate(header())
        await asyncio.gather(run.begin(sent), run.begin(sent))
        return run.state

    assert run_alone(begin_twice()) == RunState.RUNNING
