"""A producer at the other end of a socket."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

from fastapi import WebSocket, WebSocketDisconnect
from typing_extensions import override

from shiftscope.notices import Notice
from shiftscope.server.producer import Producer
from shiftscope.wire.messages import ENDED, Command

DISPLACE_SECONDS = 5.0
"""How long a connection may take to let go of a run whose producer has made another."""


class SocketProducer(Producer):
    """Sends commands to the producer at the other end of a socket."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._listening: asyncio.Task[None] | None = None
        self._gone = asyncio.Event()
        self.displaced = False

    async def listen(self, listening: Coroutine[Any, Any, None]) -> None:
        """Wait for what receives to end. Raises CancelledError when another connection took this one's place."""
        self._listening = asyncio.create_task(listening)
        if self.displaced:
            self._listening.cancel()
        try:
            await self._listening
        finally:
            self._listening.cancel()
            # The error that it ended with has a traceback which leads to here, and so to itself and to the run: both
            # would stay until garbage is looked for, which takes the longer the more there is.
            self._listening = None

    @override
    async def command(self, command: Command) -> None:
        # A socket that is closing takes no command; the run's end is on its way then.
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await self._websocket.send_text(command.to_json())

    @override
    async def close(self, reason: Notice) -> None:
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await self._websocket.close(ENDED, fitting(reason.text))

    @override
    async def displace(self) -> None:
        self.displaced = True
        if self._listening is not None:
            self._listening.cancel()
        async with asyncio.timeout(DISPLACE_SECONDS):
            await self._gone.wait()

    def gone(self) -> None:
        """Take note that nothing more of this connection changes the run."""
        self._gone.set()


def fitting(reason: str) -> str:
    """Return as much of a close reason as a close frame holds, which is 123 bytes."""
    return reason.encode()[:120].decode(errors="ignore")
