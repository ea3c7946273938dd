"""Connections with limits: on how long a request's head may be, and on how long it, and what follows it, may take.

uvicorn leaves these to a proxy, and there may be none in front of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from typing_extensions import override
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from shiftscope.notices import Notice, notice
from shiftscope.server.limits import ADDRESS_BYTES, HEADER_BYTES
from shiftscope.server.open_connections import CountsFull, open_connections
from shiftscope.server.problems import plain_answer

HEAD_BYTES = ADDRESS_BYTES + HEADER_BYTES
"""Largest head of a request that is read."""
PIPELINED = 16
"""Most requests of a connection that wait while one before them is answered."""


class HttpConnection(CountsFull, HttpToolsProtocol):
    """A connection that speaks HTTP."""

    seconds = 10.0
    """How long the head of a request may take to come, and what of a body follows its answer."""

    @override
    def __init__(
        self, config: Config, server_state: ServerState, app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:  # fmt: skip
        super().__init__(config, server_state, app_state, _loop)
        self._head_bytes = 0
        self._parsed_bytes = 0
        self._in_head = True
        self._refused = False
        self._deadline: asyncio.TimerHandle | None = None
        self._open = open_connections(app_state)

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._open.add(self)
        self._open.falls_silent(self)
        self._limit(self._head_is_late)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._lift()
        self._open.remove(self)
        super().connection_lost(exc)

    @override
    def handle_websocket_upgrade(self) -> None:
        self._open.remove(self)  # another protocol's from now on
        super().handle_websocket_upgrade()

    @property
    def fullness(self) -> int:
        """How often it has been full of what is not taken; negative while it is not."""
        return self.times_full if self.flow.write_paused else -1

    def fail_full(self) -> None:
        """End it."""
        self.transport.abort()

    @override
    def data_received(self, data: bytes) -> None:
        if self._refused or self.transport.is_closing():
            return
        if self._in_head:
            self._head_bytes += len(data)
            if self._deadline is None:
                self._limit(self._head_is_late)
        super().data_received(data)
        if self._in_head and self._head_bytes > HEAD_BYTES and not self._refused:
            self._refuse_head()

    @override
    def on_message_begin(self) -> None:
        if len(self.pipeline) >= PIPELINED:
            raise ValueError(f"more than {PIPELINED} requests wait")  # the parser ends with it: nothing more is read
        self._in_head, self._head_bytes = True, self._head_bytes if self.cycle is None else 0
        self._parsed_bytes = 0
        super().on_message_begin()

    @override
    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    @override
    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value) + 4)
        super().on_header(name, value)

    @override
    def on_headers_complete(self) -> None:
        self._in_head, self._head_bytes = False, 0
        self._lift()
        self._open.speaks(self)
        super().on_headers_complete()

    @override
    def on_message_complete(self) -> None:
        self._in_head = True
        self._lift()
        super().on_message_complete()

    @override
    def on_response_complete(self) -> None:
        if self.cycle.more_body:  # what is still to come of it is read and thrown away, but not for ever
            self._limit(self.transport.close)
        if not self.pipeline:
            self._open.falls_silent(self)
        super().on_response_complete()

    @override
    def send_400_response(self, msg: str) -> None:
        if self._parsed_bytes > HEAD_BYTES:
            self._refuse_head()
        else:
            self._refuse(HTTPStatus.BAD_REQUEST, notice("refused.not_http"))

    def _count(self, size: int) -> None:
        # A head that comes in one read has ended before its bytes could be looked at.
        self._parsed_bytes += size
        if self._parsed_bytes > HEAD_BYTES:
            raise ValueError(f"a head of more than {HEAD_BYTES} bytes")  # the parser ends with it

    def _refuse_head(self) -> None:
        self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, notice("refused.head", most=HEADER_BYTES))

    def _head_is_late(self) -> None:
        if self._head_bytes:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, notice("refused.late", seconds=self.seconds))
        else:
            self.transport.close()

    def _refuse(self, status: HTTPStatus, reason: Notice) -> None:
        under_way = self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete
        if self.pipeline or under_way:  # an answer in the midst of those before it would be none
            self._refused = True
            self.pipeline.clear()
            self.transport.abort()
            return
        if self.cycle is not None:  # what is still made for it would come after the end
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self._refused = True
        self.transport.write(plain_answer(status, reason))
        self.transport.write_eof()
        # What is still on its way is read and thrown away: a connection that is closed before loses its answer.
        self._limit(self.transport.close)

    def _limit(self, late: Callable[[], None]) -> None:
        self._lift()
        self._deadline = self.loop.call_later(self.seconds, late)

    def _lift(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def http_connection(within: float) -> type[HttpConnection]:
    """Return connections whose requests come within so many seconds."""

    class Connection(HttpConnection):
        seconds = within

    return Connection
