"""Gives up the runs of scripts that have been without a connection for long; each may come back yet."""

from __future__ import annotations

import asyncio
import logging
import time

from shiftscope.notices import notice
from shiftscope.server.run_state import RunState
from shiftscope.server.runs import IllegalTransition, Run
from shiftscope.server.store import RunStore

logger = logging.getLogger(__name__)

LONGEST_WAIT = 15.0
"""Most seconds between two looks at all runs."""


async def give_up_absent(store: RunStore, patience: float) -> None:
    """Interrupt, for as long as the server lives, each run whose script has been away for so many seconds."""
    while True:
        await asyncio.sleep(min(LONGEST_WAIT, patience / 4))
        for run in store.under_way():
            if _given_up(run, patience):
                try:
                    await run.move(RunState.INTERRUPTED, notice("end.script_absent", minutes=round(patience / 60, 1)))
                except IllegalTransition as error:  # it has ended meanwhile
                    logger.debug("%s", error)


def _given_up(run: Run, patience: float) -> bool:
    since = run.absent_since
    if since is None or run.state.ended or run.producer is not None:
        return False
    # A worker's end is its supervisor's business; a script that writes its file itself never comes here.
    return not run.conducted and run.admission is not None and time.monotonic() - since > patience
