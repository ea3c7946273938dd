"""A websocket connection, as uvicorn's, with limits on what it costs before anybody has read it."""

from __future__ import annotations

from asyncio.transports import BaseTransport
from http import HTTPStatus
from typing import Any

from typing_extensions import override
from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from shiftscope.notices import notice
from shiftscope.server.open_connections import CountsFull, open_connections
from shiftscope.server.problems import plain_answer

MESSAGE_FRAMES = 4096
"""Most frames in which the message of a websocket may come."""
PAGE_BYTES = 64 << 10
"""Largest message on a websocket that nobody has allowed more: pages hardly say anything, and a hello is short."""
ROOM = "shiftscope.room"
"""The ASGI extension by which an application allows larger messages."""
HEADERS, HEADER_LINE = 128, 8 << 10
"""So many headers, none longer than this, are read of a request that opens a websocket."""
SLICE = 16 << 10
"""So many bytes of a websocket are read at a time: in more there could be too many frames."""


class SocketConnection(CountsFull, WebSocketsSansIOProtocol):
    """A connection that speaks the websocket protocol."""

    most_bytes = PAGE_BYTES
    """Largest message, until the application allows more."""

    @override
    def __init__(self, config: Config, server_state: ServerState, app_state: dict[str, Any]) -> None:
        super().__init__(config, server_state, app_state)
        self._open = open_connections(app_state)
        self._unread = 0
        """Bytes of messages that came since the application last had all."""
        self._begun = 0
        """Those of them that came since the last whole message."""
        self._is_asked = True
        """Whether what comes next is the request, which comes whole: another protocol has read it before."""

    @override
    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self._open.add(self)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._open.remove(self)
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        opens = self._is_asked
        self._is_asked = False
        for start in range(0, len(data), SLICE):
            if not self.transport.is_closing():
                part = data[start : start + SLICE]
                self._unread += len(part)
                self._begun += len(part)
                super().data_received(part)
                self._open.holds(self, self._unread)
        if opens and not self.handshake_initiated:
            self._refuse_handshake()

    def _refuse_handshake(self) -> None:
        """Answer a request that the parser of websockets does not take: it would stay open for ever, unanswered."""
        refusal = notice("refused.handshake", most=HEADERS, size=HEADER_LINE >> 10)
        self.transport.write(plain_answer(HTTPStatus.BAD_REQUEST, refusal))
        self.transport.close()

    @override
    def send_receive_event_to_app(self) -> None:
        self._begun = 0
        super().send_receive_event_to_app()

    @override
    async def receive(self) -> Any:
        if self.queue.empty():  # what was received before is done with
            self._unread = self._begun
            self._open.holds(self, self._unread)
        return await super().receive()

    @property
    def fullness(self) -> int:
        """How often it has been full of what is not taken; negative while it is not."""
        return -1 if self.writable.is_set() else self.times_full

    def fail_full(self) -> None:
        """End it: what it has sent is too much at the moment."""
        if self.handshake_complete and not self.close_sent and not self.transport.is_closing():
            self.conn.fail(1013, "others send so much at the moment that there is no room for this message")
            self.handle_parser_exception()
        else:
            self.transport.abort()

    def allow(self, most: int) -> None:
        """Take messages of so many bytes from now on."""
        for name in {"max_message_size", "max_size"} & set(vars(self.conn)):  # by the version of websockets
            setattr(self.conn, name, most)

    @override
    def handle_connect(self, event: Any) -> None:
        self.allow(self.most_bytes)
        super().handle_connect(event)
        if not self.close_sent:
            extensions: dict[str, Any] = {**(self.scope["extensions"] or {}), ROOM: {"allow": self.allow}}
            self.scope["extensions"] = extensions

    @override
    def handle_ping(self) -> None:
        if self.writable.is_set():
            super().handle_ping()
        else:  # whoever does not read what there is would have an answer to each kept for it
            self.transport.abort()

    @override
    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        if self.transport.get_write_buffer_size():  # a connection that closes waits until all of it is taken
            self.transport.abort()

    @override
    def handle_cont(self, event: Any) -> None:
        if len(self.frames) >= MESSAGE_FRAMES:
            self.conn.fail(1009, f"a message in more than {MESSAGE_FRAMES} frames")
            self.handle_parser_exception()
            return
        super().handle_cont(event)
