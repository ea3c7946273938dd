"""Runs that are being made: where something fails in the midst of it, none of them stays."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shiftscope.server.runs import Run
from shiftscope.server.store import RunStore

logger = logging.getLogger(__name__)


@asynccontextmanager
async def unless_it_fails(store: RunStore, *made: Run) -> AsyncIterator[list[Run]]:
    """Remove runs that nobody trains yet where what is done with them fails; more may be added to what this yields."""
    runs = [*made]
    try:
        yield runs
    except BaseException:
        for run in runs:
            try:
                await asyncio.to_thread(store.delete, run)
            except OSError as error:
                logger.warning("run %s was not made whole, and cannot be removed: %s", run.id, error)
        raise
