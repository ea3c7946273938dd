"""A sink that writes a recording, without any server."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

from pydantic import JsonValue

from shiftscope.config import RunConfig
from shiftscope.recording.documents import Event, RunInfo
from shiftscope.recording.writer import Recorder
from shiftscope.sinks.base import BATCH_SECONDS
from shiftscope.wire.frames import Frame, RunHeader


class FileSink:
    """Writes a recording without any server."""

    def __init__(self, path: Path, *, name: str = "", config: RunConfig | None = None) -> None:
        info = RunInfo(
            id=uuid.uuid4().hex[:12], name=name or path.stem, source="script", created=time.time(), config=config
        )
        self._writer = Recorder.create(path, info)
        self._pending: list[Frame] = []
        self._flushed = time.monotonic()
        self._step = 0

    def begin(self, header: RunHeader) -> None:
        """See Sink."""
        self._writer.begin(header)
        self._log("state", 0, "running", value="running")

    def frame(self, data: bytes) -> None:
        """See Sink."""
        self._pending.append(Frame.parse(data))
        if time.monotonic() - self._flushed >= BATCH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """See Sink."""
        self._writer.append(self._pending)
        self._pending.clear()
        self._flushed = time.monotonic()

    def progress(self, step: int) -> None:
        """See Sink."""
        self._step = step

    def event(
        self, kind: str, step: int, message: str, *, network: str = "", layer: str = "", value: JsonValue = None
    ) -> None:
        """See Sink."""
        self._log(kind, step, message, network=network, layer=layer, value=value)

    def end(self, state: str, reason: str) -> None:
        """See Sink."""
        self.flush()
        self._log("state", self._step, reason, value=state)
        self._writer.close()

    def _log(
        self, kind: str, step: int, message: str, *, network: str = "", layer: str = "", value: JsonValue = None
    ) -> None:
        self._writer.log(
            Event(time=time.time(), step=step, kind=kind, message=message, network=network, layer=layer, value=value)
        )


def open_file(path: Path, *, name: str = "", config: RunConfig | None = None) -> FileSink:
    """Open a sink that writes a recording at `path`. Raises RecordingError when the file exists or cannot be made."""
    return FileSink(path, name=name, config=config)
