"""What a connection keeps of what comes in, byte by byte and without a socket."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import pytest
from starlette.types import Receive, Scope, Send
from typing_extensions import override
from uvicorn.config import Config
from uvicorn.server import ServerState

from shiftscope.server.connections import PIPELINED, HttpConnection
from shiftscope.server.open_connections import OpenConnections
from shiftscope.server.socket_connection import SocketConnection
from tests.alone import run_alone


class Wire(asyncio.Transport):
    """A transport that keeps what is written, and never takes any of it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = self.aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def write_eof(self) -> None:
        """Nothing follows."""

    def pause_reading(self) -> None:
        """Whoever sends goes on: what is on its way comes."""

    resume_reading = pause_reading

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = self.aborted = True

    def get_write_buffer_size(self) -> int:
        return len(self.written)


class Asked:
    """An application that notes who asks, and never answers."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    async def __call__(self, scope: Scope, _receive: Receive, _send: Send) -> None:
        self.paths.append(scope["path"])
        await asyncio.Event().wait()


class Found(NamedTuple):
    """What there is once a connection has received something."""

    closed: bool
    written: bytes
    waiting: int
    paths: list[str]


def _serving(app: Asked) -> Config:
    config = Config(app, log_config=None)
    config.load()
    config.loaded_app = app
    return config


async def _sent(parts: tuple[bytes, ...], asked: Asked) -> Found:
    wire = Wire()
    connection = HttpConnection(_serving(asked), ServerState(), {"connections": OpenConnections(60)})
    connection.connection_made(wire)
    for part in parts:
        connection.data_received(part)
    turn = connection.loop.create_future()
    connection.loop.call_soon(turn.set_result, None)
    await turn
    found = Found(wire.closed, wire.written, len(connection.pipeline), list(asked.paths))
    connection.connection_lost(ConnectionResetError())
    return found


def sent(*parts: bytes) -> Found:
    """Return what there is once a connection has received these bytes."""
    return run_alone(_sent(parts, Asked()))


GET = b"GET /a HTTP/1.1\r\nhost: localhost\r\n\r\n"


def test_requests_that_wait_are_few() -> None:
    assert sent(GET * (PIPELINED + 1)) == Found(closed=False, written=b"", waiting=PIPELINED, paths=["/a"])
    assert sent(*[GET * 1000] * 3) == Found(closed=True, written=b"", waiting=0, paths=["/a"])


@pytest.mark.parametrize("head", [b"x: " + b"y" * 200_000 + b"\r\n", b"x: y\r\n" * 30_000], ids=["one", "many"])
def test_a_large_head_that_comes_in_one_piece_reaches_nobody(head: bytes) -> None:
    found = sent(GET[:-2] + head + b"\r\n")
    assert (found.written.split()[1], found.paths) == (b"431", [])
    assert sent(GET[:-2] + head[:20_000] + b"\r\n\r\n", GET).paths == ["/a"]


JOIN = (
    b"GET /ws HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
PING = b"\x89\x80\0\0\0\0"


async def _pinged(times: int, *, late: bool = False) -> tuple[int, bool]:
    wire, asked = Wire(), Asked()
    connection = SocketConnection(_serving(asked), ServerState(), {"connections": OpenConnections(60)})
    connection.connection_made(wire)
    connection.data_received(JOIN)
    connection.pause_writing()
    connection.data_received(PING * times)
    if late:
        wire.write(b"a frame before")
        connection.keepalive_timeout()
    written, aborted = len(wire.written), wire.aborted
    connection.connection_lost(ConnectionResetError())
    return written, aborted


def test_pings_whose_answers_nobody_reads_end_the_connection() -> None:
    assert run_alone(_pinged(0)) == (0, False)
    assert run_alone(_pinged(10_000)) == (0, True)


def test_a_connection_that_answers_no_ping_is_not_waited_for() -> None:
    _, aborted = run_alone(_pinged(0, late=True))
    assert aborted


class Hasty(Asked):
    """An application that answers before it has read anything."""

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 401, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        await super().__call__(scope, receive, send)


def test_what_is_refused_in_its_midst_is_answered_once() -> None:
    post = b"POST /a HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n"
    found = run_alone(_sent((post + b"no length\r\n",), Hasty()))
    assert found.written.count(b"HTTP/1.1 ") == 1
    assert found.written.startswith(b"HTTP/1.1 400 ")
