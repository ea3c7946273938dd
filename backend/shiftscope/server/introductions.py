"""How much of what viewers are sent first is on its way at a time.

A run's header and events may be tens of MiB, and they are one message: a thousand viewers who open such a run at once,
and read slowly or not at all, would have it kept a thousand times.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

SMALL = 256 << 10
"""A message of so many bytes waits for nobody."""
MOST = 128 << 20
"""Most bytes of larger messages on their way; one that is larger by itself goes alone."""


class Introductions:
    """Belongs to the viewers' event loop."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._under_way = 0
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def room(self, size: int) -> AsyncIterator[None]:
        """Keep room for a message of so many bytes, once there is any, until it was taken."""
        if size <= SMALL:
            yield
            return
        async with self._changed:
            await self._changed.wait_for(lambda: not self._under_way or self._under_way + size <= self._most)
            self._under_way += size
        try:
            yield
        finally:
            self._under_way -= size
            async with self._changed:
                self._changed.notify_all()
