"""The sentences of recordings that hold none, for their viewers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from shiftscope.narration.recorded import recorded_sentences
from shiftscope.narration.sentence import KIND
from shiftscope.recording.documents import Event, RecordingError
from shiftscope.recording.reader import open_recording
from shiftscope.server.runs import Run

logger = logging.getLogger(__name__)


async def sentences_of(run: Run) -> Sequence[Event]:
    """Return what is to be narrated of a run that has ended and holds no sentences: found once, kept in memory."""
    if not run.state.ended or any(event.kind == KIND for event in run.events):
        return ()
    if run.narrated is None:
        try:
            run.narrated = await asyncio.to_thread(_found, run)
        except (RecordingError, OSError) as error:
            logger.warning("nothing is narrated of run %s: %s", run.id, error)
            return ()
    return run.narrated


def _found(run: Run) -> Sequence[Event]:
    with open_recording(run.path) as recording:
        return recorded_sentences(recording)
