"""A sink that writes a recording, without a server."""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from typing_extensions import override

from shiftscope.config import RunConfig
from shiftscope.notices import NoticeError, notice
from shiftscope.recording.documents import RecordingError, RunInfo
from shiftscope.recording.writer import RecordingWriter
from shiftscope.sinks.base import BATCH_SECONDS
from shiftscope.sinks.keeper import Keeper
from shiftscope.sinks.narration import Narration
from shiftscope.sinks.numbering import Gap, Numbering
from shiftscope.sinks.outbox import Item
from shiftscope.sinks.queued import QUEUE_BYTES, Closing, QueuedSink
from shiftscope.wire.frames import Frame
from shiftscope.wire.messages import Begin, End, EventMessage

BATCH_BYTES = 4 << 20
"""Most that is written in one transaction."""


class FileSink(QueuedSink):
    """Writes a recording at a path. A thread of its own does so; a full disk ends the recording, and nothing else."""

    def __init__(
        self,
        path: Path,
        *,
        name: str = "",
        config: RunConfig | None = None,
        queue_bytes: int = QUEUE_BYTES,
        closing: Closing | None = None,
    ) -> None:
        super().__init__(queue_bytes, closing)
        info = RunInfo(
            id=uuid.uuid4().hex[:12], name=name or path.stem, source="script", created=time.time(), config=config
        )
        self.path = path
        self._keeper = Keeper(RecordingWriter.create(path, info))
        self._numbering = Numbering()
        self._narration = Narration()
        self._over = False
        self._woken, self._hurried = threading.Event(), threading.Event()
        threading.Thread(target=self._carry, name="shiftscope-file", daemon=True).start()

    @override
    def _wake(self) -> None:
        self._woken.set()

    @override
    def _hurry(self) -> None:
        self._hurried.set()
        self._woken.set()

    @override
    def _leave(self) -> None:
        # What is not written yet is lost with the process.
        if self._error is None:
            self._error = RecordingError(
                notice("recording.not_written", path=str(self.path), error="the disk does not answer")
            )

    def _carry(self) -> None:
        try:
            while not self._over:
                self._woken.wait()
                self._hurried.wait(BATCH_SECONDS)
                self._woken.clear()
                self._hurried.clear()
                self._keep(self._narration.added_to(self._outbox.take()))
        except NoticeError as error:
            self._error = error
        except Exception as error:  # noqa: BLE001  the boundary of the thread: the training thread reports it
            self._error = RecordingError(notice("recording.not_written", path=str(self.path), error=str(error)))
        finally:
            # Whatever ended it, what is whole in the file is one file.
            with contextlib.suppress(NoticeError, OSError):
                self._keeper.close()
            self._ended.set()

    def _keep(self, items: Iterable[Item]) -> None:
        for frames, group in groupby(items, lambda item: isinstance(item, bytes)):
            if frames:
                for batch in _batches(item for item in group if isinstance(item, bytes)):
                    self._keep_frames(batch)
            else:
                for item in group:
                    self._keep_message(item)

    def _keep_frames(self, batch: list[bytes]) -> None:
        kept: list[Frame] = []
        for data in batch:
            frame, gap = self._numbering.keep(data)
            if gap:
                self._note(gap)
            kept.append(frame)
        self._keeper.frames(kept)
        self._kept += 1

    def _keep_message(self, item: Item) -> None:
        match item:
            case Begin():
                self._keeper.begin(item.header)
            case EventMessage():
                self._keeper.event(item)
            case End():
                if gap := self._numbering.gap_at_end(self._outbox.frames_refused, self._step):
                    self._note(gap)
                self._keeper.reach(self._step)
                self._keeper.end(item)
                self._over = True

    def _note(self, gap: Gap) -> None:
        self._keeper.event(EventMessage.saying(gap.notice, kind="note", step=gap.before))


def _batches(frames: Iterator[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for data in frames:
        batch.append(data)
        size += len(data)
        if size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def open_file(path: Path, *, name: str = "", config: RunConfig | None = None) -> FileSink:
    """Open a sink that writes a recording at `path`. Raises RecordingError when the file exists or cannot be made."""
    return FileSink(path, name=name, config=config)
