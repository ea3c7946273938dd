"""The sentences of a run that is recorded: those that lie in the recording, or else what its frames give rise to."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from shiftscope.config import Intervention
from shiftscope.narration.narrator import narrate
from shiftscope.narration.sentence import KIND
from shiftscope.recording.documents import Event
from shiftscope.recording.reader import Recording
from shiftscope.recording.values import as_intervention
from shiftscope.wire.frames import Frame

READ_BYTES = 8 << 20
"""Bytes of frames that are read at a time: a long recording does not fit into memory."""
ENDED = frozenset({"finished", "stopped", "failed"})


def recorded_sentences(recording: Recording) -> list[Event]:
    """Return a run's sentences in the order of their steps.

    A recording that was made before there was a narrator holds none: then they are found anew, and not written.

    Raises:
        RecordingError: the file cannot be read.
    """
    journal = list(recording.journal())
    told = [event for event in journal if event.kind == KIND]
    return sorted(told or found_anew(recording, journal), key=lambda event: event.step)


def found_anew(recording: Recording, journal: list[Event]) -> list[Event]:
    """Return the sentences that the frames of a recording give rise to. Raises RecordingError."""
    header = recording.header
    if header is None:
        return []
    ended = any(event.kind == "state" and event.value in ENDED for event in journal)
    time = journal[-1].time if journal else recording.info.created
    return [
        Event.saying(
            said.notice, time=time, step=said.step, kind=KIND, network=said.network, layer=said.layer, value=said.value
        )
        for said in narrate(
            header,
            chain.from_iterable(_pages(recording)),
            ended=ended,
            done=_done(journal),
            lost=[(event.step, event.network) for event in journal if event.kind == "diverged"],
        )
    ]


def _done(journal: list[Event]) -> Iterator[tuple[int, str, Intervention]]:
    """Yield what was done to networks."""
    for event in journal:
        if event.kind == "intervention":
            yield event.step, event.network, as_intervention(event.value)


def _pages(recording: Recording) -> Iterator[list[Frame]]:
    after = 0
    while frames := recording.read(after, max_bytes=READ_BYTES):
        after = frames[-1].seq
        yield frames
