from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from shiftscope.recording.reader import open_recording
from shiftscope.wire.frames import encode
from tests.conftest import LiveServer
from tests.producer import WIDTH, Producer, frame, header
from tests.waiting import PATIENCE, eventually
from tests.websocket import connect


def test_a_producer_makes_a_run_of_its_own(server: LiveServer) -> None:
    with Producer(server.url, {"name": "my model"}) as producer:
        assert producer.welcome["after"] == 0
        assert server.run(producer.run)["state"] == "preparing"
        producer.say(type="preparing", message="thinking", fraction=0.5)
        producer.begin(total_steps=50)
        producer.socket.send(b"".join(map(frame, range(1, 11))))
        producer.socket.send(frame(11))
        producer.wait_for_acknowledgement(11)
        run = server.run(producer.run)
        assert (run["state"], run["name"], run["source"], run["seq"]) == ("running", "my model", "script", 11)
        producer.say(type="progress", step=40)
        producer.say(type="event", kind="note", step=40, message="half way")
        producer.end("finished")
    run = server.run(producer.run)
    assert (run["state"], run["step"], run["total_steps"]) == ("finished", 40, 50)
    with open_recording(server.data / f"{producer.run}.shiftscope") as recording:
        assert [f.data for f in recording.read()] == [frame(seq) for seq in range(1, 12)]
        assert "half way" in [event.message for event in recording.journal()]


def test_what_was_sent_before_the_end_is_acknowledged_at_the_end(server: LiveServer) -> None:
    with Producer(server.url) as producer:
        producer.begin()
        producer.socket.send(frame(1))
        producer.say(type="end", state="stopped", reason="enough")
        producer.wait_for_acknowledgement(1)
    assert server.wait(producer.run, "stopped")["reason"]["text"] == "enough"


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (frame(2), "frame 2 follows on 0"),
        (frame(1) + frame(1), "frame 1 follows on 1"),
        (frame(1)[:-1], "frame 1 of stream 1 needs"),
        (b"", "an empty message"),
        (encode(1, 1, 2**63, 1.0, np.zeros(WIDTH, np.float32)), "steps end before"),
        ("{", "Invalid JSON"),
        ('{"type": "dance"}', "does not match any of the expected tags"),
        ('{"type": "progress", "step": -1}', "greater than or equal to 0"),
        ('{"type": "begin", "header": {"networks": [], "layouts": []}}', "begin a second time"),
        ('{"type": "event", "kind": "note", "step": 1, "value": [' + "[]," * 60_000 + "[]]}", "or 10,000 values"),
        ('{"type": "event", "kind": "note", "step": 1, "value": "' + "x" * 2_000_000 + '"}', "more than 1,048,576"),
        ('{"type": "event", "kind": "note", "step": 1, "value": ' + "[" * 300 + "]" * 300 + "}", "Invalid JSON"),
        ('{"type": "begin", "header": {"layouts": [' + "[]," * 60_000 + "[]]}}", "networks: Field required"),
        ('{"type": "begin", "header": {"layouts": [' + "[]," * 900_000 + "[]]}}", "or 50,000 entries"),
        ('{"type": "event", "kind": "note", "step": 1, "layer": "a\\u0000b"}', "a\\x00b"),
        ('{"type": "event", "kind": "applied", "step": 1, "value": {"step": "abc"}}', "step: Input should be a valid"),
        ('{"type": "event", "kind": "state", "step": 1, "message": ""}', "Input should be 'diverged', 'note'"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(server: LiveServer, message: bytes | str, words: str) -> None:
    with Producer(server.url) as producer:
        producer.begin()
        producer.socket.send(message)
        with pytest.raises(ConnectionClosed) as closed:
            producer.wait_for_acknowledgement(2)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008
    assert words in closed.value.rcvd.reason
    run = server.wait(producer.run, "interrupted")
    assert "refused" in run["reason"]["text"]


@pytest.mark.parametrize(
    ("hello", "words"),
    [
        ({"run": "none", "token": "x"}, "there is no run 'none' with that token"),
        ({"type": "howdy"}, "Input should be 'hello'"),
    ],
)
def test_who_is_not_known_is_refused(server: LiveServer, hello: dict[str, Any], words: str) -> None:
    with pytest.raises(ConnectionClosed) as closed:
        Producer(server.url, hello)
    assert closed.value.rcvd is not None
    assert words in closed.value.rcvd.reason


def test_another_cannot_feed_a_run_without_its_token(server: LiveServer) -> None:
    with Producer(server.url) as producer, pytest.raises(ConnectionClosed):
        Producer(server.url, {"run": producer.run, "token": "guess"})


def test_a_script_that_goes_away_is_interrupted(server: LiveServer) -> None:
    with Producer(server.url) as producer:
        producer.begin()
    assert "closed the connection" in server.wait(producer.run, "interrupted")["reason"]["text"]


def test_a_script_sets_its_own_pace_and_its_run_can_be_ended(server: LiveServer) -> None:
    with Producer(server.url) as producer:
        producer.begin()
        producer.socket.send(frame(1))
        producer.wait_for_acknowledgement(1)
        for request in (
            server.client.post(f"/api/runs/{producer.run}/pause"),
            server.client.patch(f"/api/runs/{producer.run}", json={"pace": 3}),
        ):
            assert request.status_code == 409
            assert "its own script sets the pace" in request.json()["detail"]
        stopped = server.client.post(f"/api/runs/{producer.run}/stop").json()
        assert (stopped["state"], stopped["seq"]) == ("stopped", 1)
        with pytest.raises(ConnectionClosed) as closed:
            producer.wait_for_acknowledgement(2)
    assert closed.value.rcvd is not None
    assert "stopped from the page" in closed.value.rcvd.reason


def test_a_script_that_leaves_at_once_leaves_no_run_behind_that_seems_to_go_on(server: LiveServer) -> None:
    for _ in range(10):
        hello(server.url).close()

    def going_on() -> list[Any]:
        return [r for r in server.client.get("/api/runs").json() if r["name"] == "gone at once" and not r["ended"]]

    eventually(lambda: not going_on(), going_on)


def hello(url: str) -> ClientConnection:
    socket = connect(f"{url}/api/ingest")
    socket.send('{"type": "hello", "name": "gone at once"}')
    return socket


@pytest.mark.parametrize("first", [b"binary", '{"type": "hello", "run": "none", "token": "\u00e9"}'])
def test_a_strange_hello_is_refused_in_words(server: LiveServer, first: bytes | str) -> None:
    with connect(f"{server.url}/api/ingest") as socket:
        socket.send(first)
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=PATIENCE)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda h: h["layouts"][0]["entries"][0].update(coordinates=[float("nan")]), "finite number"),
        (lambda h: h["layouts"][0]["entries"][0].update(coordinates=[1.0, 2.0]), "2 coordinates for shape"),
        (lambda h: h["layouts"].append(h["layouts"][0]), "a stream is there twice"),
        (lambda h: h["networks"].append(h["networks"][0]), "a network is there twice"),
        (lambda h: h.update(total_steps=2**63), "less than"),
    ],
)
def test_a_header_that_could_not_be_read_again_is_refused(server: LiveServer, change: Any, words: str) -> None:
    bad = header()
    change(bad)
    with Producer(server.url) as producer:
        producer.say(type="begin", header=bad)
        with pytest.raises(ConnectionClosed) as closed:
            producer.hear()
    assert closed.value.rcvd is not None
    assert words in closed.value.rcvd.reason
    server.wait(producer.run, "interrupted")
