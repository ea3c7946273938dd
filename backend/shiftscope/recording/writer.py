"""Writes recordings: one writer a file, append-only."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Self

from pydantic import BaseModel

from shiftscope.notices import notice
from shiftscope.recording.documents import (
    APPLICATION_ID,
    FORMAT,
    Admission,
    Destination,
    Event,
    RecordingError,
    RunInfo,
)
from shiftscope.recording.reader import connect, open_recording
from shiftscope.wire.frames import Frame, RunHeader

_SCHEMA = f"""
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {FORMAT};
CREATE TABLE document (key TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE frames (seq INTEGER PRIMARY KEY, stream INTEGER NOT NULL, step INTEGER NOT NULL, time REAL NOT NULL,
                     data BLOB NOT NULL);
CREATE TABLE journal (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
"""


class RecordingWriter:
    """Appends to a recording. Safe to call from several threads."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._lock = threading.Lock()
        # WAL: readers never wait. NORMAL: each commit reaches the kernel, which kill -9 cannot undo.
        with self._writing():
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")

    @classmethod
    def create(cls, path: Path, info: RunInfo, *, mode: int = 0o666) -> Self:
        """Make a new file, which `mode` says who may read.

        Raises:
            RecordingError: the file exists, or cannot be made.
        """
        try:
            path.touch(mode, exist_ok=False)
        except OSError as error:
            raise RecordingError(notice("recording.not_made", path=str(path), error=str(error))) from error
        try:
            writer = cls(path, connect(path, read_only=False))
            with writer._writing() as connection:
                connection.executescript(_SCHEMA)
            writer._put("run", info)
        except (RecordingError, sqlite3.Error) as error:
            for left in (path, *beside(path)):
                left.unlink(missing_ok=True)
            raise RecordingError(notice("recording.not_made", path=str(path), error=str(error))) from error
        return writer

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open an existing file to append to it.

        Raises:
            FileNotFoundError: there is none.
            RecordingError: it is not a recording, or cannot be written.
        """
        with open_recording(path):  # says what is wrong with the file, if anything
            try:
                return cls(path, connect(path, read_only=False))
            except sqlite3.Error as error:
                raise RecordingError(notice("recording.not_written", path=str(path), error=str(error))) from error

    def begin(self, header: RunHeader) -> None:
        """Keep, once, what the frames will hold."""
        self._put("header", header)

    def admit(self, admission: Admission) -> None:
        """Keep, once, who may add to the run from elsewhere."""
        self._put("admission", admission)

    def address(self, destination: Destination) -> None:
        """Keep, once, where the contents belong."""
        self._put("destination", destination)

    def append(self, frames: Iterable[Frame]) -> None:
        """Add frames, all or none. When this returns they survive a kill -9.

        Raises:
            RecordingError: the disk is full, the recording closed, or a seq there already; nothing was added.
        """
        rows = ((f.seq, f.stream, f.step, f.time, f.data) for f in frames)
        with self._writing() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                connection.executemany("INSERT INTO frames VALUES (?, ?, ?, ?, ?)", rows)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def log(self, event: Event) -> None:
        """Add an event to the journal. Raises RecordingError."""
        with self._writing() as connection:
            connection.execute("INSERT INTO journal (body) VALUES (?)", (event.model_dump_json(),))

    def close(self) -> None:
        """Close the file; it is one file again unless someone still reads it (see `settle`)."""
        with self._lock:
            self._connection.close()
        settle(self.path)

    def _put(self, key: str, body: BaseModel) -> None:
        with self._writing() as connection:
            connection.execute("INSERT INTO document VALUES (?, ?)", (key, body.model_dump_json()))

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock:
                yield self._connection
        except sqlite3.Error as error:
            raise RecordingError(notice("recording.not_written", path=str(self.path), error=str(error))) from error


def beside(path: Path) -> tuple[Path, Path]:
    """Return the files that SQLite may keep beside a recording that is in use."""
    return path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")


def settle(path: Path) -> bool:
    """Fold the write-ahead log into a recording that nobody writes any more, and leave the file without one.

    Returns whether it could: not while somebody reads. A log beside the file would have to travel with it.
    """
    try:
        with closing(connect(path, read_only=False)) as connection:
            connection.execute("PRAGMA busy_timeout = 0")
            return bool(connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0] == "delete")
    except sqlite3.Error:
        return False
