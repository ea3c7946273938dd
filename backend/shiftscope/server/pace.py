"""How much of the processor viewers may have."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

REST = 12.0
"""Seconds of rest for each second that a message to all viewers takes: what trains comes before them."""
LONGEST_REST = 1 / 30
"""So a message goes out thirty times a second and more, and none comes much later for that rest."""
REST_OF_ONE = 1.0
"""Seconds of rest for each second of work for one viewer that joins."""
SHORTEST_REST = 0.002
"""Rests that are shorter are added up."""
AT_ONCE = 16
"""Viewers that may join between two messages to those that are there."""


class Pace:
    """Keeps what is done for all viewers to a share of a core, so that many of them get bundles, and not less often."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._door = asyncio.Semaphore(AT_ONCE)
        self._rested = 0.0

    @asynccontextmanager
    async def turn(self, rest: float = REST) -> AsyncIterator[None]:
        """Wait for the time at which something may be done for viewers, and rest for what it took.

        Args:
            rest: seconds for each second.
        """
        async with self._turn:
            if (left := self._rested - time.monotonic()) > SHORTEST_REST:
                await asyncio.sleep(left)
            began = time.thread_time()
            yield
            await asyncio.sleep(0)  # what was written reaches the kernel
            spent, now = time.thread_time() - began, time.monotonic()
            self._rested = max(now, self._rested) + min(LONGEST_REST, rest * spent)

    @asynccontextmanager
    async def turn_of_one(self) -> AsyncIterator[None]:
        """Wait likewise, for what is done for a single viewer: however many come at once, few go before the others."""
        async with self._door, self.turn(REST_OF_ONE):
            yield
