"""The protocol that every sink follows, and how it fails."""

from __future__ import annotations

from typing import Protocol

from pydantic import JsonValue

from shiftscope.notices import Notice, NoticeError
from shiftscope.wire.frames import RunHeader
from shiftscope.wire.messages import EndState, EventKind

BATCH_SECONDS = 0.016
"""Frames of one display refresh travel together: a message costs the training thread more than its bytes do."""


class SinkError(NoticeError):
    """The place where frames should go cannot be reached, or refused them."""


class Sink(Protocol):
    """What a scope writes to. Calls come from one thread, in the order begin, then frame/progress/event, then end.

    Each raises SinkError, or a sink of files RecordingError, when nothing more can be passed on.
    """

    def begin(self, header: RunHeader) -> None:
        """Declare what the frames will hold; once, before the first frame."""

    def frame(self, data: bytes) -> None:
        """Pass on one encoded frame."""

    def progress(self, step: int) -> None:
        """Report how many updates were made; may be called at every step."""

    def event(
        self,
        kind: EventKind,
        step: int,
        message: Notice | str,
        *,
        network: str = "",
        layer: str = "",
        value: JsonValue = None,
    ) -> None:
        """Record that something happened."""

    def flush(self) -> None:
        """Pass on what is pending, as nothing may follow for a while."""

    def end(self, state: EndState, reason: Notice | str) -> None:
        """End the run: nothing follows. `state` is finished, stopped or failed; returns when all of it is kept."""
