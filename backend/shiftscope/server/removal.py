"""Notices that the recording of a run under way was removed, and ends the run: nothing of it would be kept."""

from __future__ import annotations

import asyncio
import logging

from shiftscope.notices import notice
from shiftscope.server.run_state import RunState
from shiftscope.server.runs import IllegalTransition, Run
from shiftscope.server.store import RunStore
from shiftscope.server.supervisor import Supervisor

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
"""Between two looks at the files of all runs under way."""


async def fail_removed(store: RunStore, supervisor: Supervisor) -> None:
    """Fail, for as long as the server lives, each run under way whose recording was removed, or its folder."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        for run in await asyncio.to_thread(_removed, store):
            try:
                await _fail(run, supervisor)
            except IllegalTransition as error:  # it has ended meanwhile
                logger.debug("%s", error)


def _removed(store: RunStore) -> list[Run]:
    return [run for run in store.under_way() if run.removed]


async def _fail(run: Run, supervisor: Supervisor) -> None:
    producer = run.producer
    reason = notice("end.recording_removed")
    await run.move(RunState.FAILED, reason)
    if producer is not None:
        await producer.close(reason)
    supervisor.kill(run)
