from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from shiftscope.frames import Frame, RunHeader, split
from shiftscope.server.stream import NEWEST, Backlog
from tests.conftest import LiveServer
from tests.producer import Producer, frame, header


def view(server: LiveServer, run: str, after: int = 0) -> ClientConnection:
    return connect(
        f"{server.url.replace('http', 'ws')}/api/runs/{run}/stream?after={after}",
        proxy=None,
        max_size=None,
        compression=None,
    )


def frames_of(message: bytes) -> list[Frame]:
    layouts = RunHeader.model_validate(header()).layouts
    return list(split(message, {layout.stream: layout.frame_bytes for layout in layouts}))


def receive(socket: ClientConnection, count: int) -> tuple[list[Frame], list[dict[str, Any]]]:
    frames: list[Frame] = []
    texts: list[dict[str, Any]] = []
    while len(frames) < count:
        message = socket.recv(timeout=10)
        if isinstance(message, str):
            texts.append(json.loads(message))
        else:
            frames += frames_of(message)
    return frames, texts


def until_closed(socket: ClientConnection) -> list[dict[str, Any]]:
    return [json.loads(message) for message in socket if isinstance(message, str)]


def test_the_first_message_is_the_run_and_its_layouts(server: LiveServer) -> None:
    with Producer(server.url) as producer:
        with view(server, producer.run) as early:
            first = json.loads(early.recv())
            assert (first["type"], first["header"], first["last_seq"]) == ("run", None, 0)
            producer.begin()
            producer.socket.send(frame(1))
            frames, texts = receive(early, 1)
            assert frames[0].data == frame(1)
            said = next(text for text in texts if text["type"] == "header")
            assert RunHeader.model_validate(said["header"]) == RunHeader.model_validate(header())
        with view(server, producer.run) as late:
            first = json.loads(late.recv())
            assert first["run"]["id"] == producer.run
            assert [event["value"] for event in first["events"]] == ["preparing", "running"]
            assert receive(late, 1)[0][0].data == frame(1)


def test_live_frames_arrive_as_they_were_sent(server: LiveServer) -> None:
    with Producer(server.url) as producer:
        producer.begin()
        with view(server, producer.run) as viewer:
            for seq in range(1, 21):
                producer.socket.send(frame(seq))
                assert [f.data for f in receive(viewer, 1)[0]] == [frame(seq)]


def test_a_long_history_comes_newest_first_and_whole(server: LiveServer) -> None:
    count = 1000
    with Producer(server.url) as producer:
        producer.begin()
        producer.socket.send(b"".join(map(frame, range(1, count + 1))))
        producer.wait_for_acknowledgement(count)
        with view(server, producer.run) as viewer:
            frames, _ = receive(viewer, count)
        assert frames[NEWEST - 1].seq == count
        assert {f.seq: f.data for f in frames} == {seq: frame(seq) for seq in range(1, count + 1)}
        assert len(frames) == count


def test_a_viewer_that_comes_back_gets_what_it_missed(server: LiveServer) -> None:
    with Producer(server.url) as producer:
        producer.begin()
        producer.socket.send(b"".join(map(frame, range(1, 31))))
        producer.wait_for_acknowledgement(30)
        with view(server, producer.run, after=10) as viewer:
            assert [f.seq for f in receive(viewer, 20)[0]] == list(range(11, 31))


def test_events_and_states_are_told(server: LiveServer) -> None:
    with Producer(server.url) as producer:
        producer.begin()
        with view(server, producer.run) as viewer:
            viewer.recv()
            producer.say(type="event", kind="diverged", step=3, message="a diverged at step 3", network="a")
            producer.say(type="progress", step=17)
            producer.end("finished")
            texts = until_closed(viewer)
            assert viewer.protocol.close_code == 1000
    assert "a diverged at step 3" in [text["event"]["message"] for text in texts if text["type"] == "event"]
    last = [text["run"] for text in texts if text["type"] == "state"][-1]
    assert (last["state"], last["step"]) == ("finished", 17)


def test_a_finished_run_is_replayed_the_same_way(server: LiveServer) -> None:
    with Producer(server.url) as producer:
        producer.begin()
        producer.socket.send(b"".join(map(frame, range(1, 6))))
        producer.end()
    with view(server, producer.run) as viewer:
        assert [f.data for f in receive(viewer, 5)[0]] == list(map(frame, range(1, 6)))
        until_closed(viewer)
        assert viewer.protocol.close_code == 1000
    deadline = time.monotonic() + 5
    while len(files := list(server.data.glob(f"{producer.run}*"))) > 1:
        assert time.monotonic() < deadline, files
        time.sleep(0.02)


@pytest.mark.parametrize(("run", "after", "code"), [("none", 0, 4404), (None, -1, 1008)])
def test_bad_requests_are_closed_with_a_reason(server: LiveServer, run: str | None, after: int, code: int) -> None:
    with Producer(server.url) as producer, view(server, run or producer.run, after) as viewer:
        with pytest.raises(ConnectionClosed) as closed:
            viewer.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == code
        assert closed.value.rcvd.reason


@given(st.integers(0, 50), st.lists(st.tuples(st.integers(0, 300), st.integers(1, 100)), max_size=30))
def test_a_backlog_gives_each_frame_once(after: int, arrivals: list[tuple[int, int]]) -> None:
    """However frames arrive and however few are sent at a time, every seq after `after` is sent once."""
    backlog, last, sent = Backlog(after), after, []

    def send(most: int) -> bool:
        wanted = backlog.upcoming(last)
        if wanted is None:
            return False
        first, upto = wanted[0], min(wanted[1], wanted[0] + most - 1)
        sent.extend(range(first, upto + 1))
        backlog.sent(first, upto)
        return True

    for new, most in arrivals:
        last += new
        send(most)
        if new > NEWEST:
            assert sent[-1] > last - NEWEST
    while send(7):
        pass
    assert sorted(sent) == list(range(after + 1, last + 1))
