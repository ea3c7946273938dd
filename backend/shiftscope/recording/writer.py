"""Writes recordings: one writer a file, append-only."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Self

from pydantic import BaseModel

from shiftscope.notices import notice
from shiftscope.recording.blocks import BlockEncoder, split
from shiftscope.recording.database import beside, connect
from shiftscope.recording.documents import (
    APPLICATION_ID,
    FORMAT,
    Admission,
    Destination,
    Event,
    RecordingError,
    RecordingRemovedError,
    RunInfo,
    Seal,
)
from shiftscope.recording.reader import open_recording
from shiftscope.recording.schema import TABLES
from shiftscope.recording.texts import checksum
from shiftscope.wire.frames import Frame, RunHeader
from shiftscope.wire.header_json import header_json
from shiftscope.wire.messages import Revision

_SCHEMA = "".join(
    f"{statement};\n"
    for statement in (
        f"PRAGMA application_id = {APPLICATION_ID}", f"PRAGMA user_version = {FORMAT}", *TABLES[FORMAT].values()
    )
)  # fmt: skip

_PAGE_BYTES = 1024
"""A block begins a page of its own: the smaller they are, the less of the last one is left empty."""


class RecordingWriter:
    """Appends to a recording. Safe to call from several threads."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._lock = threading.Lock()
        # WAL: readers never wait. NORMAL: each commit reaches the kernel, which kill -9 cannot undo.
        with self._writing():
            connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")  # of a new file; any other has its own
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            self._format = int(connection.execute("PRAGMA user_version").fetchone()[0])
        self._file = _identity(path)
        self._encoder = BlockEncoder()
        self._last = 0
        self._changed = False

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
            writer._format = FORMAT
            writer._put("run", info)
            with writer._writing() as connection:  # so that the file says which run it is, whatever log lies beside it
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
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
        with open_recording(path) as recording:  # says what is wrong with the file, if anything
            try:
                writer = cls(path, connect(path, read_only=False))
            except sqlite3.Error as error:
                raise RecordingError(notice("recording.not_written", path=str(path), error=str(error))) from error
            writer._last = recording.last_seq
            if recording.header is not None:
                writer._encoder.expect(recording.header.layouts)
        return writer

    def begin(self, header: RunHeader) -> None:
        """Keep, once, what the frames will hold."""
        self._put("header", header)
        self._encoder.expect(header.layouts)

    def admit(self, admission: Admission) -> None:
        """Keep, once, who may add to the run from elsewhere."""
        self._put("admission", admission)

    def address(self, destination: Destination) -> None:
        """Keep, once, where the contents belong."""
        self._put("destination", destination)

    def append(self, frames: Iterable[Frame]) -> None:
        """Add frames, all or none. When this returns they survive a kill -9.

        Raises:
            RecordingError: the disk is full, the recording closed, or a seq not the next; nothing was added.
            RecordingRemovedError: there is no such file any more.
        """
        frames = list(frames)
        for before, frame in zip([self._last, *(frame.seq for frame in frames)], frames, strict=False):
            if before and frame.seq != before + 1:
                raise self._not_written(f"frame {frame.seq} follows on {before}")
        rows: list[tuple[object, ...]]
        if self._format == 1:
            query = "INSERT INTO frames (stream, seq, step, time, data) VALUES (?, ?, ?, ?, ?)"
            rows = [*frames]
        else:
            query = "INSERT INTO blocks (first, last, heads, data) VALUES (?, ?, ?, ?)"
            rows = [self._encoder.encode(some) for some in split(frames)]
        with self._writing() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                connection.executemany(query, rows)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        if not self.there:
            raise RecordingRemovedError(notice("recording.removed", path=str(self.path)))
        self._last = frames[-1].seq if frames else self._last
        self._changed = True

    def log(self, event: Event) -> None:
        """Add an event to the journal. Raises RecordingError."""
        self._add_line("journal", event)
        if event.kind == "layouts":
            self._encoder.expect(Revision.model_validate(event.value).layouts)

    def close(self) -> None:
        """Close the file; it is one file again unless someone still reads it (see `settle`)."""
        with suppress(RecordingError):  # on a full disk, say: then what is there is not known to be all
            self._seal()
        with self._lock:
            self._connection.close()
        if self.there:
            settle(self.path)

    @property
    def there(self) -> bool:
        """Whether the file is still where it was opened: whoever removes it takes what is added to it along."""
        return self._file == _identity(self.path)

    def _seal(self) -> None:
        if self._format == 1 or not self._changed:
            return
        with self._writing() as connection:
            first = connection.execute(
                "SELECT coalesce((SELECT first FROM blocks ORDER BY last LIMIT 1), 0)"
            ).fetchone()
            events = connection.execute("SELECT count(*) FROM journal").fetchone()
            keys = tuple(key for (key,) in connection.execute("SELECT key FROM document"))
        self._add_line("seal", Seal(documents=keys, events=events[0], first=first[0], last=self._last))
        self._changed = False

    def _put(self, key: str, body: BaseModel) -> None:
        text = header_json(body) if isinstance(body, RunHeader) else body.model_dump_json()
        with self._writing() as connection:
            if self._format == 1:
                connection.execute("INSERT INTO document VALUES (?, ?)", (key, text))
            else:
                connection.execute("INSERT INTO document VALUES (?, ?, ?)", (key, text, checksum(key, text)))
        self._changed = True

    def _add_line(self, table: str, body: BaseModel) -> None:
        text = body.model_dump_json()
        with self._writing() as connection:
            if self._format == 1:
                connection.execute(f"INSERT INTO {table} (body) VALUES (?)", (text,))  # noqa: S608  one of two names
            else:
                query = f"SELECT coalesce(max(id), 0) + 1 FROM {table}"  # noqa: S608
                (number,) = connection.execute(query).fetchone()
                query = f"INSERT INTO {table} VALUES (?, ?, ?)"  # noqa: S608
                connection.execute(query, (number, text, checksum(number, text)))
        self._changed = True

    def _not_written(self, error: object) -> RecordingError:
        return RecordingError(notice("recording.not_written", path=str(self.path), error=str(error)))

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock:
                yield self._connection
        except sqlite3.Error as error:
            raise self._not_written(error) from error


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


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
