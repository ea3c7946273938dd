"""What all connections of a loop may cost together, without a socket; and on a real server."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from shiftscope.server.introductions import Introductions
from shiftscope.server.links import LinkFile
from shiftscope.server.open_connections import OpenConnections
from tests.alone import run_alone
from tests.conftest import serve
from tests.server.test_connections import Wire
from tests.waiting import eventually
from tests.websocket import connect


class Taken:
    """A connection of which the test says how much is taken."""

    def __init__(self) -> None:
        self.transport = Wire()
        self.fullness = -1
        self.failed = False

    def fail_full(self) -> None:
        self.failed = True


def test_who_takes_nothing_is_let_go_and_who_takes_little_is_not() -> None:
    connections = OpenConnections(unread_seconds=10)
    never, slowly, again, closing, idle = (Taken() for _ in range(5))
    for one in (never, slowly, again, closing, idle):
        connections.add(one)
        one.transport.written = b"x" * 100
        one.fullness = 1
    closing.fullness, idle.fullness = -1, -1
    closing.transport.closed = True
    for now in (0, 5, 9, 14):
        connections.look(now)
        slowly.transport.written = slowly.transport.written[1:]
        again.fullness += 1  # all was taken, and as much is there again
    assert [one.transport.aborted for one in (never, slowly, again, closing, idle)] == [True, False, False, True, False]


def test_of_those_that_wait_the_oldest_goes_and_of_messages_the_largest() -> None:
    connections = OpenConnections(60, silent=2, received=100)
    a, b, c = Taken(), Taken(), Taken()
    for one in (a, b, a, c):
        connections.falls_silent(one)
    assert [one.transport.aborted for one in (a, b, c)] == [False, True, False]
    connections.speaks(a)
    connections.falls_silent(b)
    assert not c.transport.aborted
    for one, size in ((a, 60), (b, 40), (a, 0), (c, 50), (b, 51)):
        connections.holds(one, size)
    assert [one.failed for one in (a, b, c)] == [False, True, False]
    connections.remove(c)
    connections.holds(a, 100)
    assert not a.failed


def test_long_introductions_wait_until_those_before_were_taken() -> None:
    async def sent() -> list[str]:
        introductions = Introductions(most=1_000_000)
        order: list[str] = []
        taken = asyncio.Event()

        async def send(name: str, size: int, *, waits: bool = False) -> None:
            async with introductions.room(size):
                order.append(name)
                if waits:
                    await taken.wait()

        first = asyncio.create_task(send("first", 2_000_000, waits=True))
        second = asyncio.create_task(send("second", 300_000))
        await asyncio.create_task(send("small", 1000))
        order.append("taken")
        taken.set()
        await asyncio.gather(first, second)
        return order

    assert run_alone(sent()) == ["first", "small", "taken", "second"]


def test_sockets_are_so_many_and_who_reads_nothing_is_cut_off(tmp_path: Path) -> None:
    data = tmp_path / "runs"
    data.mkdir()
    with (data / "long.shiftscope").open("wb") as file:
        file.truncate(64 << 20)
    with serve(data, "--share", "--sockets", "4", "--unread-seconds", "1") as server, ExitStack() as opened:
        links = LinkFile(data).current()

        def page(token: str) -> None:
            header = {"authorization": f"Bearer {token}"}
            opened.enter_context(connect(f"{server.url}/api/audience", additional_headers=header))

        authorized = {"authorization": f"Bearer {links.control}"}
        assert _hello_of(server.url, authorized, "x" * 70_000) == 1009
        for token in (links.view, links.view, links.view):
            page(token)
        with pytest.raises(InvalidStatus) as refused:
            page(links.view)
        assert refused.value.response.status_code == 429
        page(links.control)
        with pytest.raises(InvalidStatus):
            page(links.control)
        reader = opened.enter_context(socket.create_connection(("127.0.0.1", server.port)))
        path = f"/api/runs/long/recording HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {links.view}\r\n\r\n"
        reader.sendall(f"GET {path}".encode())
        log = tmp_path / "runs.log"
        eventually(lambda: "a connection that took none of" in log.read_text(), log.read_text)
        assert "Traceback" not in log.read_text()


def _hello_of(url: str, headers: dict[str, str], said: str) -> int | None:
    """Return with which code a producer's socket is closed that begins with this."""
    with connect(f"{url}/api/ingest", additional_headers=headers) as producer:
        producer.send(said)
        with pytest.raises(ConnectionClosed) as closed:
            producer.recv()
    return closed.value.rcvd.code if closed.value.rcvd else None
