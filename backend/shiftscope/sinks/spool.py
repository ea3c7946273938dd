"""A file of what a server has not got yet: a recording, with the address that its contents belong to."""

from __future__ import annotations

import contextlib
import tempfile
import time
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self, get_args

from filelock import FileLock, Timeout

from shiftscope.notices import notice
from shiftscope.recording.database import beside
from shiftscope.recording.documents import SUFFIX, Destination, RecordingError, RunInfo
from shiftscope.recording.folder import SPOOL, recordings_folder
from shiftscope.recording.reader import Recording, open_recording
from shiftscope.recording.writer import RecordingWriter
from shiftscope.sinks.keeper import Keeper
from shiftscope.wire.frames import Frame, RunHeader
from shiftscope.wire.messages import End, EndState, EventKind, EventMessage

PRIVATE = 0o600
"""A spool holds the token of its run: nobody else shall read it."""


class Spool:
    """A spool file, or another recording that is sent. While a spool is open here no other process opens it.

    Attributes:
        path: of the file.
        last: seq of the last frame in it.
        size: bytes of the frames that were written here.
        destination: where its contents belong; None of a recording that is no spool.
    """

    def __init__(self, path: Path, reader: Recording, keeper: Keeper | None, lock: FileLock | None) -> None:
        self.path = path
        self.last = reader.last_seq
        self.size = 0
        self.destination = reader.destination
        self._reader = reader
        self._keeper = keeper
        self._lock = lock
        self._begun = False

    @classmethod
    def create(cls, destination: Destination, name: str, folders: Sequence[Path] = ()) -> Self:
        """Make a spool file in the first of the folders that takes one. Raises RecordingError, with the last reason."""
        fault: Exception | None = None
        for folder in folders or spool_folders():
            path = folder / f"{destination.run}-{uuid.uuid4().hex[:6]}{SUFFIX}"
            try:
                folder.mkdir(parents=True, exist_ok=True)
                lock = claim(path)
            except (OSError, RecordingError) as error:
                fault = error
                continue
            try:
                return cls(path, *_made(path, destination, name), lock)
            except RecordingError as error:
                fault = error
                release(path, lock)
        raise RecordingError(notice("recording.not_made", path="a file for what cannot be sent", error=str(fault)))

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a spool file, or another recording, to send it.

        Raises:
            FileNotFoundError: there is none.
            RecordingError: it is no recording, or a spool that another process holds.
            OSError: its folder cannot be written.
        """
        with open_recording(path) as recording:
            lock = claim(path) if recording.destination else None
        return cls(path, open_recording(path), None, lock)

    @property
    def header(self) -> RunHeader | None:
        """What its frames hold; None when the run had not begun."""
        return self._reader.header

    @property
    def name(self) -> str:
        """The name of the run."""
        return self._reader.info.name

    def events(self) -> list[EventMessage]:
        """Return the events in it. Raises RecordingError."""
        known = get_args(EventKind)
        return [
            EventMessage.model_validate(event.model_dump(exclude={"time"}))
            for event in self._reader.journal()
            if event.kind in known
        ]

    def ended(self) -> tuple[End | None, int]:
        """Return how the run ended, if it did, and how many updates were made. Raises RecordingError."""
        step = 0
        for event in self._reader.journal():
            step = max(step, event.step)
            if event.kind == "state" and event.value in get_args(EndState):
                said = {"reason": event.message, "code": event.code, "values": event.values}
                return End.model_validate({"state": event.value, **said}), step
        return None, step

    def write(self, header: RunHeader | None, events: Iterable[EventMessage], frames: Sequence[Frame]) -> None:
        """Add what is new. Raises RecordingError when the disk takes no more; then no frame of these was added."""
        keeper = self._written
        if header is not None and not self._begun:
            keeper.begin(header)
            self._begun = True
        for event in events:
            keeper.event(event)
        if frames:
            keeper.frames(frames)
            self.last = frames[-1].seq
            self.size += sum(len(frame.data) for frame in frames)

    def read(self, after: int, most_bytes: int) -> list[Frame]:
        """Return the frames after a seq, as many as fit. Raises RecordingError."""
        return self._reader.read(after, max_bytes=most_bytes)

    def end(self, end: End, step: int) -> None:
        """Add how the run ended. Raises RecordingError."""
        self._written.reach(step)
        self._written.end(end)

    def close(self) -> None:
        """Close the file, and leave it to who sends it."""
        self._reader.close()
        with contextlib.suppress(RecordingError, OSError):
            if self._keeper is not None:
                self._keeper.close()
        if self._lock is not None:
            release(self.path, self._lock)

    def discard(self) -> None:
        """Remove the file, if it is a spool: all of it has been sent."""
        self.close()
        if self.destination is not None:
            remove(self.path)

    @property
    def _written(self) -> Keeper:
        if self._keeper is None:
            raise RecordingError(notice("recording.not_written", path=str(self.path), error="it is being sent"))
        return self._keeper


def spool_folders() -> list[Path]:
    """Return where spool files lie: beside the recordings, or else among temporary files."""
    return [recordings_folder() / SPOOL, Path(tempfile.gettempdir()) / "shiftscope-spool"]


def claim(path: Path) -> FileLock:
    """Hold a spool file for this process.

    Raises:
        RecordingError: another process holds it: the training whose spool it is goes on, or somebody sends it.
        OSError: its folder cannot be written.
    """
    lock = FileLock(_lock_path(path), thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise RecordingError(notice("recording.in_use", path=str(path))) from error
    return lock


def release(path: Path, lock: FileLock) -> None:
    """Let go of a spool file."""
    with contextlib.suppress(OSError):
        lock.release()
        _lock_path(path).unlink(missing_ok=True)


def remove(path: Path) -> None:
    """Remove a spool file, as far as that is possible."""
    for left in (*beside(path), path):
        with contextlib.suppress(OSError):
            left.unlink(missing_ok=True)


def _lock_path(path: Path) -> Path:
    return path.with_name(path.name + ".lock")


def _made(path: Path, destination: Destination, name: str) -> tuple[Recording, Keeper]:
    info = RunInfo(id=uuid.uuid4().hex[:12], name=name or destination.run, source="script", created=time.time())
    writer = RecordingWriter.create(path, info, mode=PRIVATE)
    writer.address(destination)
    return open_recording(path), Keeper(writer)
