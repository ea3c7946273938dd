"""Whatever a producer's socket says, it is answered or closed with a sentence, and nobody else notices."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from shiftscope.wire.frames import encode
from tests.conftest import LiveServer, serve
from tests.producer import Producer, frame, header
from tests.waiting import PATIENCE
from tests.websocket import connect

CONVERSATIONS = 250
MESSAGES = 12
"""In each of them at most: about 3,000 in all with the hello."""

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
names = st.sampled_from(
    ["type", "kind", "step", "header", "layouts", "networks", "value", "state", "reason", "code", "values", "message",
     "fraction", "network", "layer", "run", "token", "name", "__proto__", "constructor"]
)  # fmt: skip
types = st.sampled_from(["hello", "preparing", "begin", "progress", "event", "end", "welcome", "command", "dance"])
kinds = st.sampled_from(["note", "layouts", "measured", "scalar", "samples", "checkpoint", "state", "narration"])
objects = st.builds(
    lambda kind, of, more: {"type": kind, "kind": of, **more}, types, kinds, st.dictionaries(names, json_values)
)
valid = st.sampled_from(
    [
        {"type": "begin", "header": header(4)},
        {"type": "progress", "step": 3},
        {"type": "event", "kind": "note", "step": 1, "message": "half way"},
        {"type": "event", "kind": "layouts", "step": 1, "value": {"layouts": []}},
        {"type": "preparing", "message": "thinking", "fraction": 0.5},
        {"type": "end", "state": "finished"},
    ]
)
texts = (valid | objects).map(json.dumps) | st.text(max_size=40) | json_values.map(json.dumps)
frames = st.builds(
    lambda stream, seq, step, width: encode(stream, seq, step, 1.0, np.zeros(width, np.float32)),
    st.integers(0, 3) | st.just(2**32 - 1), st.integers(0, 5), st.integers(0, 2**64 - 1), st.integers(0, 6),
)  # fmt: skip
messages = texts | frames | st.binary(max_size=60) | st.integers(1, 4).map(lambda seq: frame(seq, 4))


@contextmanager
def conversation(server: LiveServer, hello: str) -> Iterator[ClientConnection]:
    with connect(f"{server.url}/api/ingest") as socket:
        socket.send(hello)
        yield socket


def end_of(socket: ClientConnection) -> tuple[int, str]:
    """Return the close code and the reason of a connection, once it is over."""
    try:
        while True:
            socket.recv(timeout=PATIENCE)
    except ConnectionClosed as closed:
        return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")


@seed(3)
@settings(max_examples=CONVERSATIONS, suppress_health_check=list(HealthCheck), phases=[Phase.generate], database=None)
@given(said=st.lists(messages, min_size=MESSAGES, max_size=MESSAGES), named=st.booleans(), first=texts)
def talk(server: LiveServer, said: list[Any], *, named: bool, first: str) -> None:
    with conversation(server, '{"type": "hello", "name": "fuzz"}' if named else first) as socket:
        try:
            for message in said:
                socket.send(message)
            socket.send("the end of what was to be said")
        except ConnectionClosed:
            pass
        code, reason = end_of(socket)
    assert code in {1000, 1008, 4410}, (code, reason)
    assert code == 1000 or reason, "closed without a sentence"
    assert str(server.data) not in reason


def test_whatever_a_producer_says_is_answered_in_words(tmp_path: Path) -> None:
    with serve(tmp_path / "runs") as server, Producer(server.url) as bystander:
        bystander.begin()
        talk(server)
        bystander.socket.send(frame(1))
        bystander.wait_for_acknowledgement(1)
        bystander.end()
        listed = server.client.get("/api/runs").json()
    ended = {run["state"] for run in listed if run["name"] == "fuzz"}
    assert ended <= {"finished", "stopped", "failed", "interrupted"}
