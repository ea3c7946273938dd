"""A sink that writes a recording, without a server."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

from pydantic import JsonValue
from typing_extensions import override

from shiftscope.config import RunConfig
from shiftscope.notices import Notice
from shiftscope.recording.documents import Event, RunInfo
from shiftscope.recording.writer import RecordingWriter
from shiftscope.sinks.base import BATCH_SECONDS, Sink
from shiftscope.wire.frames import Frame, RunHeader
from shiftscope.wire.messages import EndState, EventKind


class FileSink(Sink):
    """Writes a recording at a path."""

    def __init__(self, path: Path, *, name: str = "", config: RunConfig | None = None) -> None:
        info = RunInfo(
            id=uuid.uuid4().hex[:12], name=name or path.stem, source="script", created=time.time(), config=config
        )
        self._writer = RecordingWriter.create(path, info)
        self._pending: list[Frame] = []
        self._flushed = time.monotonic()
        self._step = 0

    @override
    def begin(self, header: RunHeader) -> None:
        self._writer.begin(header)
        self._log("state", 0, "running", value="running")

    @override
    def frame(self, data: bytes) -> None:
        self._pending.append(Frame.parse(data))
        if time.monotonic() - self._flushed >= BATCH_SECONDS:
            self.flush()

    @override
    def flush(self) -> None:
        self._writer.append(self._pending)
        self._pending.clear()
        self._flushed = time.monotonic()

    @override
    def progress(self, step: int) -> None:
        self._step = step

    @override
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
        self._log(kind, step, message, network=network, layer=layer, value=value)

    @override
    def end(self, state: EndState, reason: Notice | str) -> None:
        self.flush()
        self._log("state", self._step, reason, value=state)
        self._writer.close()

    def _log(self, kind: str, step: int, message: Notice | str, **more: JsonValue) -> None:
        self._writer.log(Event.saying(message, time=time.time(), step=step, kind=kind, **more))


def open_file(path: Path, *, name: str = "", config: RunConfig | None = None) -> FileSink:
    """Open a sink that writes a recording at `path`. Raises RecordingError when the file exists or cannot be made."""
    return FileSink(path, name=name, config=config)
