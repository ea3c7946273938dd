"""Wherever frames go, the same calls keep the same: in a file, at a server, in memory on the way."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from websockets.sync.server import ServerConnection, serve

from shiftscope.recording.documents import RecordingError
from shiftscope.recording.reader import open_recording
from shiftscope.sinks.base import Sink, SinkError
from shiftscope.sinks.file import open_file
from shiftscope.sinks.memory import MemorySink
from shiftscope.sinks.older import taken_by
from shiftscope.sinks.socket import SocketSink
from shiftscope.wire.frames import REVISION, RunHeader, encode
from shiftscope.wire.messages import Begin, Command, EventMessage
from tests import producer
from tests.conftest import LiveServer
from tests.waiting import PATIENCE, eventually

WIDTH = 5
HEADER = RunHeader.model_validate(producer.header(WIDTH, total_steps=8))
FRAMES = [producer.frame(seq, WIDTH) for seq in range(1, 9)]


def speak(sink: Sink) -> None:
    """Use a sink as a scope does."""
    sink.begin(HEADER)
    for step, frame in enumerate(FRAMES):
        sink.frame(frame)
        sink.progress(step)
        if step == 3:
            sink.event("note", step, "half way", network="a", layer="hidden 1", value={"of": 8})
    sink.flush()
    sink.end("stopped", "enough")


def into_file(tmp_path: Path, server: LiveServer) -> Path:
    speak(open_file(tmp_path / "run.shiftscope", name="a run"))
    return tmp_path / "run.shiftscope"


def into_server(tmp_path: Path, server: LiveServer) -> Path:
    sink = SocketSink.connect(server.url, name="a run")
    speak(sink)
    assert sink.acknowledged == len(FRAMES)
    return server.data / f"{sink.run}.shiftscope"


def through_memory(tmp_path: Path, server: LiveServer) -> Path:
    sink = MemorySink(open_file(tmp_path / "run.shiftscope", name="a run"))
    speak(sink)
    return tmp_path / "run.shiftscope"


@pytest.mark.parametrize("way", [into_file, into_server, through_memory])
def test_what_is_sent_is_kept(way: Callable[[Path, LiveServer], Path], tmp_path: Path, server: LiveServer) -> None:
    with open_recording(way(tmp_path, server)) as recording:
        assert recording.info.name == "a run"
        assert recording.header == HEADER
        assert [frame.data for frame in recording.read()] == FRAMES
        note, end = [event for event in recording.journal() if event.value not in ("preparing", "running")]
        assert (note.kind, note.step, note.message, note.value) == ("note", 3, "half way", {"of": 8})
        assert (note.network, note.layer) == ("a", "hidden 1")
        assert (end.kind, end.message, end.value) == ("state", "enough", "stopped")


def test_memory_reads_as_a_recording_does(tmp_path: Path) -> None:
    sink = MemorySink(open_file(tmp_path / "run.shiftscope"))
    speak(sink)
    place = {"network": "a", "layer": "hidden 1", "site": "output"}
    with open_recording(tmp_path / "run.shiftscope") as recording:
        np.testing.assert_array_equal(sink.steps("layers"), recording.steps("layers"))
        found = sink.values("layers", "mean", **place)
        np.testing.assert_array_equal(found, recording.values("layers", "mean", **place))
    assert found.shape == (len(FRAMES), WIDTH)
    with pytest.raises(KeyError, match="no stream 'steps'"):
        sink.steps("steps")


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "run.shiftscope").write_text("something of mine")
    with pytest.raises(RecordingError, match="cannot be made"):
        open_file(tmp_path / "run.shiftscope")
    assert (tmp_path / "run.shiftscope").read_text() == "something of mine"


def test_where_nobody_answers_the_error_names_the_command() -> None:
    with pytest.raises(SinkError, match=r"no Shiftscope answers at http://127.0.0.1:1 .*shiftscope serve"):
        SocketSink.connect("http://127.0.0.1:1")


def test_a_refusal_is_passed_on_in_the_servers_words(server: LiveServer) -> None:
    with pytest.raises(SinkError, match="there is no run 'none' with that token"):
        SocketSink.connect(server.url, run="none", token="guess")


def test_the_last_frame_before_a_pause_does_not_wait_for_the_next(server: LiveServer) -> None:
    sink = SocketSink.connect(server.url, name="pausing")
    sink.begin(HEADER)
    for seq, frame in enumerate(FRAMES[:3], 1):
        sink.frame(frame)
        eventually(lambda seq=seq: server.run(sink.run)["seq"] == seq)
    sink.end("finished", "")


@contextmanager
def speaking(*messages: object) -> Iterator[str]:
    """A server that welcomes, says something, and closes once the run has ended."""

    def answer(socket: ServerConnection) -> None:
        socket.recv()
        socket.send(json.dumps({"type": "welcome", "run": "r", "token": "t", "after": 0}))
        for message in messages:
            socket.send(json.dumps(message))
        for said in socket:
            if isinstance(said, str) and json.loads(said)["type"] == "end":
                return

    with serve(answer, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()


def test_commands_are_obeyed_and_what_a_newer_server_says_is_passed_over() -> None:
    obeyed: list[Command] = []
    done = threading.Event()

    def obey(command: Command) -> None:
        obeyed.append(command)
        if command.command == "stop":
            done.set()

    newer = {"type": "greeting", "text": "a message of the future"}
    commands = [
        {"type": "command", "command": "set", "pace": None, "colour": "red"},
        {"type": "command", "command": "stop"},
    ]
    with speaking(newer, *commands) as url:
        sink = SocketSink.connect(url, on_command=obey)
        assert done.wait(PATIENCE)
        sink.end("stopped", "")
    assert [command.command for command in obeyed] == ["set", "stop"]


def test_an_older_server_gets_no_frame_of_a_layout_that_it_cannot_be_told() -> None:
    row = np.ones(1, np.float32)
    items = [
        Begin(header=HEADER),
        encode(1, 1, 1, 1.0, row),
        EventMessage(kind="layouts", step=1, value={"layouts": []}),
        encode(1 + REVISION, 2, 2, 1.0, row),
        EventMessage(kind="scalar", step=2),
        EventMessage(kind="note", step=2),
    ]
    assert taken_by(("note", "scalar", "layouts"), items) == items
    assert taken_by(("note", "scalar"), items) == [items[0], items[1], items[4], items[5]]
    assert taken_by((), items) == [items[0], items[1], items[5]]
