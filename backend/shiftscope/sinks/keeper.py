"""Writes what a run emits into a recording: that of a run without a server, or what a server has not got yet."""

from __future__ import annotations

import time
from collections.abc import Iterable

from pydantic import JsonValue

from shiftscope.notices import Notice
from shiftscope.recording.documents import Event
from shiftscope.recording.writer import RecordingWriter
from shiftscope.wire.frames import Frame, RunHeader
from shiftscope.wire.messages import End, EventMessage


class Keeper:
    """Writes a run into a recording, in one thread. Each call raises RecordingError when the file takes no more."""

    def __init__(self, writer: RecordingWriter) -> None:
        self._writer = writer
        self._step = 0
        self._began: float | None = None

    def begin(self, header: RunHeader) -> None:
        """Keep the header: the run is under way."""
        self._writer.begin(header)
        self._began = time.monotonic()
        self._log("state", 0, Notice(text="running"), value="running")

    def frames(self, frames: Iterable[Frame]) -> None:
        """Keep frames."""
        self._writer.append(frames)

    def event(self, event: EventMessage) -> None:
        """Keep an event."""
        more = event.model_dump(include={"network", "layer", "value"})
        self._log(event.kind, event.step, event.notice, **more)

    def reach(self, step: int) -> None:
        """Note how many updates were made: the end is recorded at the last of them."""
        self._step = max(self._step, step)

    def end(self, end: End) -> None:
        """Keep how the run ended."""
        trained = None if self._began is None else time.monotonic() - self._began
        self._log("state", self._step, end.notice, value=end.state, trained=trained)

    def close(self) -> None:
        """Close the file."""
        self._writer.close()

    def _log(self, kind: str, step: int, message: Notice, **more: JsonValue) -> None:
        self._writer.log(Event.saying(message, time=time.time(), step=step, kind=kind, **more))
