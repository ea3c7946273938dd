"""What every sink is."""

from __future__ import annotations

from typing import Protocol

from pydantic import JsonValue

from shiftscope.wire.frames import RunHeader

BATCH_SECONDS = 0.016
"""Frames of one display refresh travel together: a message costs the training thread more than its bytes do."""


class SinkError(Exception):
    """The place where frames should go cannot be reached, or refused them."""


class Sink(Protocol):
    """What a scope writes to. Calls come from one thread, in the order begin, then frame/progress/event, then end."""

    def begin(self, header: RunHeader) -> None:
        """Say what the frames will hold."""

    def frame(self, data: bytes) -> None:
        """Take one encoded frame."""

    def progress(self, step: int) -> None:
        """Tell how far the training is; may be called at every step."""

    def event(
        self, kind: str, step: int, message: str, *, network: str = "", layer: str = "", value: JsonValue = None
    ) -> None:
        """Tell of something that happened."""

    def flush(self) -> None:
        """Pass on what is pending: nothing may follow for a while."""

    def end(self, state: str, reason: str) -> None:
        """Say that no frame follows. `state` is finished, stopped or failed."""
