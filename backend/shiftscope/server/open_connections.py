"""The connections of one event loop, and what all of them together may cost.

However many come and say nothing, send large messages to no end or take nothing of what they are sent: those that wait
for a request are so many at most, messages in the making hold so many bytes, and who takes nothing for long is let go.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, NamedTuple, Protocol

from typing_extensions import override

logger = logging.getLogger(__name__)

SILENT = 2048
"""Connections that wait for a request, or for the rest of one; of more the one goes that has waited longest."""
RECEIVED_BYTES = 256 << 20
"""Most that messages hold which have come, in whole or in part, and were not read yet; over it the largest goes."""


class Connection(Protocol):
    """A connection, as it is looked at here."""

    transport: asyncio.Transport

    @property
    def fullness(self) -> int:
        """How often it has been full of what is not taken; negative while it is not."""

    def fail_full(self) -> None:
        """End it: what it has sent is too much at the moment."""


class CountsFull(asyncio.Protocol):
    """A connection that counts how often it is full of what is not taken."""

    times_full = 0

    @override
    def pause_writing(self) -> None:
        self.times_full += 1
        super().pause_writing()


class _Look(NamedTuple):
    """How a connection stood: how often it was full, what it held, and since when none of that was taken."""

    times: int
    size: int
    since: float


class OpenConnections:
    """Belongs to the loop of its connections."""

    def __init__(self, unread_seconds: float, silent: int = SILENT, received: int = RECEIVED_BYTES) -> None:
        self._patience, self._most_silent, self._most_received = unread_seconds, silent, received
        self._open: dict[Connection, _Look | None] = {}
        self._silent: dict[Connection, None] = {}
        self._received: dict[Connection, int] = {}
        self._in_all = 0

    def add(self, connection: Connection) -> None:
        """Note one that is open."""
        self._open[connection] = None

    def remove(self, connection: Connection) -> None:
        """Note one that is over, or another protocol's."""
        self._open.pop(connection, None)
        self._silent.pop(connection, None)
        self._in_all -= self._received.pop(connection, 0)

    def falls_silent(self, connection: Connection) -> None:
        """Note that one waits for a request."""
        self._silent.pop(connection, None)
        self._silent[connection] = None
        if len(self._silent) > self._most_silent:
            oldest = next(iter(self._silent))
            del self._silent[oldest]
            oldest.transport.abort()

    def speaks(self, connection: Connection) -> None:
        """Note that what one waited for is there."""
        self._silent.pop(connection, None)

    def holds(self, connection: Connection, received: int) -> None:
        """Note how many bytes of messages have come by one that were not read yet."""
        self._in_all += received - self._received.pop(connection, 0)
        if received:
            self._received[connection] = received
        if self._in_all > self._most_received:
            largest = max(self._received, key=self._received.__getitem__)
            self._in_all -= self._received.pop(largest)
            largest.fail_full()

    async def watch(self) -> None:
        """Let go, for as long as the server lives, of each that takes nothing of what it was sent."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._patience / 4)
            self.look(loop.time())

    def look(self, now: float) -> None:
        """Let go of each that has taken nothing since long before this moment."""
        for connection, before in list(self._open.items()):
            size = connection.transport.get_write_buffer_size()
            times = connection.fullness
            if not size or (times < 0 and not connection.transport.is_closing()):
                self._open[connection] = None
            elif before is None or times != before.times or size < before.size:
                self._open[connection] = _Look(times, size, now)
            elif now - before.since >= self._patience:
                logger.info("a connection that took none of %s bytes for %s seconds is over", size, self._patience)
                connection.transport.abort()


def open_connections(app_state: dict[str, Any]) -> OpenConnections:
    """Return those of the loop in which a connection is."""
    found: OpenConnections = app_state["connections"]
    return found
