"""The viewers' own thread and event loop, so that however many there are none keeps a producer waiting.

A connection is accepted by the server's loop, which reads its request. One that asks for a run's stream is then handed
over, before it is answered: its socket and the request go to the other loop, where the same application answers it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import socket
import threading
from asyncio.transports import BaseTransport
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any
from urllib.parse import unquote

from fastapi import WebSocket
from typing_extensions import override
from uvicorn.config import Config
from uvicorn.server import ServerState
from websockets.http11 import Request

from shiftscope.server.open_connections import OpenConnections
from shiftscope.server.socket_connection import SocketConnection

logger = logging.getLogger(__name__)

EXTENSION = "shiftscope.prepared"
"""The ASGI extension by which an application writes websocket frames that it has made itself, or waits for room."""
VIEWER_BYTES = 1024
"""Largest message of a viewer, who has nothing to say."""
CLOSE_SECONDS = 3.0
"""How long viewers may take to end with their server."""
_STREAM = re.compile(r"/api/runs/[^/]+/stream$")

Write = Callable[[bytes], bool]


class ViewerProtocol(SocketConnection):
    """A viewer's connection, in the viewers' loop.

    Args:
        head: the request, as it was received.
    """

    most_bytes = VIEWER_BYTES

    def __init__(self, head: bytes, config: Config, server_state: ServerState, app_state: dict[str, Any]) -> None:
        super().__init__(config, server_state, app_state)
        self._head = head

    @override
    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self.data_received(self._head)

    @override
    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:
            extensions: dict[str, Any] = {
                **(self.scope["extensions"] or {}),
                EXTENSION: {"write": self.write, "drain": self.writable.wait},
            }
            self.scope["extensions"] = extensions

    def write(self, frames: bytes) -> bool:
        """Write whole websocket frames; return False, having written nothing, while those before are not taken."""
        if self.disconnected or self.close_sent or self.transport.is_closing():
            return True  # the task that receives finds out
        if not self.writable.is_set():
            return False
        self.transport.write(frames)
        return True


class ViewerThread:
    """A thread with an event loop for the connections of viewers."""

    def __init__(self, unread_seconds: float) -> None:
        self._state = ServerState()
        self._open = OpenConnections(unread_seconds)
        self._loop: asyncio.AbstractEventLoop = type(asyncio.get_running_loop())()
        self._thread = threading.Thread(target=self._loop.run_forever, name="shiftscope-viewers", daemon=True)
        self._thread.start()
        self._watching = self.begin(self._open.watch())

    def adopt(
        self, transport: asyncio.Transport, head: bytes, config: Config, main: ServerState, state: dict[str, Any]
    ) -> bool:
        """Take over a connection that has received a request; return whether it was."""
        known = transport.get_extra_info("socket")
        if known is None or transport.get_extra_info("sslcontext") is not None:
            return False
        transport.pause_reading()
        taken = socket.socket(known.family, known.type, known.proto, fileno=os.dup(known.fileno()))
        taken.setblocking(False)
        transport.close()  # of two descriptors of the connection: it stays open
        self._state.default_headers = main.default_headers

        def protocol() -> ViewerProtocol:
            return ViewerProtocol(head, config, self._state, {**state, "connections": self._open})

        asyncio.run_coroutine_threadsafe(_serve(self._loop, protocol, taken), self._loop)
        return True

    def begin(self, work: Coroutine[Any, Any, None]) -> Future[None]:
        """Let something else go on in this loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def close(self) -> None:
        """Close all connections, and end the thread."""
        self._watching.cancel()
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._close(), self._loop))
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join)
        self._loop.close()

    async def _close(self) -> None:
        for connection in list(self._state.connections):
            connection.shutdown()
        if self._state.tasks:
            await asyncio.wait(list(self._state.tasks), timeout=CLOSE_SECONDS)
        for task in list(self._state.tasks):
            task.cancel()
        await asyncio.gather(*self._state.tasks, return_exceptions=True)
        await self._loop.shutdown_default_executor()


class FrontProtocol(SocketConnection):
    """A websocket in the server's loop, or one that is handed over to that of the viewers."""

    def __init__(self, config: Config, server_state: ServerState, app_state: dict[str, Any]) -> None:
        super().__init__(config, server_state, app_state)
        self._server_state = server_state
        self._handed_over = False

    @override
    def data_received(self, data: bytes) -> None:
        if not self.handshake_initiated and asks_for_stream(data):
            viewers: ViewerThread = self.app_state["viewers"]
            self._handed_over = viewers.adopt(self.transport, data, self.config, self._server_state, self.app_state)
        if not self._handed_over:
            super().data_received(data)

    @override
    def shutdown(self) -> None:
        if not self._handed_over:
            super().shutdown()


def asks_for_stream(head: bytes) -> bool:
    """Whether a request is for a run's stream, by its path as the application reads it: any of it may be escaped."""
    target = head.partition(b" ")[2].partition(b" ")[0].partition(b"?")[0]
    return _STREAM.search(unquote(target.decode("latin-1"))) is not None


def prepared_writer(websocket: WebSocket) -> Write | None:
    """Return what writes websocket frames that are made to a viewer; None where the server knows no such thing."""
    extension = websocket.scope.get("extensions", {}).get(EXTENSION)
    write: Write | None = extension["write"] if extension else None
    return write


async def drained(websocket: WebSocket) -> None:
    """Return once a viewer has taken most of what it was sent; at once where the server knows no such thing."""
    extension = websocket.scope.get("extensions", {}).get(EXTENSION)
    if extension:
        await extension["drain"]()


async def _serve(loop: asyncio.AbstractEventLoop, protocol: Callable[[], ViewerProtocol], taken: socket.socket) -> None:
    try:
        await loop.connect_accepted_socket(protocol, taken)
    except OSError as error:  # it has left meanwhile
        logger.debug("a viewer was not served: %s", error)
        taken.close()
