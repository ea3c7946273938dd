"""Reading the file of a run."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Self

from typing_extensions import override

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
from shiftscope.recording.streams import Streams
from shiftscope.wire.frames import HEADER, Frame, RunHeader


def connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """Open the SQLite file of a recording. Raises sqlite3.Error."""
    uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rw'}"
    # Calls come from a pool of threads, one at a time: a RecordingWriter has a lock, and a Recording one user.
    return sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None, timeout=10)


class Recording(Streams):
    """Reads a recording, also while it is being written. Not for two threads at once; open as many as you like."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        # A read may still go on in another thread when its task was cancelled: closing under it would crash SQLite.
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; a read that goes on in another thread is waited for."""
        with self._lock:
            self._connection.close()

    @property
    def info(self) -> RunInfo:
        """The run: id, name, config."""
        return RunInfo.model_validate_json(self._document("run") or "{}")

    @property
    @override
    def header(self) -> RunHeader | None:
        body = self._document("header")
        return RunHeader.model_validate_json(body) if body else None

    @property
    def admission(self) -> Admission | None:
        """Who may add to the run; None where no server keeps it."""
        body = self._document("admission")
        return Admission.model_validate_json(body) if body else None

    @property
    def destination(self) -> Destination | None:
        """Where the contents belong, of a spool file; None of any other."""
        body = self._document("destination")
        return Destination.model_validate_json(body) if body else None

    @property
    def last_seq(self) -> int:
        """The seq of the newest frame; 0 when there is none."""
        return self._scalar("SELECT coalesce(max(seq), 0) FROM frames")

    def journal(self) -> Iterator[Event]:
        """All events, in the order in which they happened."""
        for (body,) in self._rows("SELECT body FROM journal ORDER BY id"):
            yield Event.model_validate_json(body)

    def read(
        self, after: int = 0, upto: int | None = None, *, stride: int = 1, max_bytes: int | None = None
    ) -> list[Frame]:
        """Return the frames with after < seq <= upto in order, each `stride`-th only.

        With `max_bytes`, as many of the first as fit into it (at least one).
        """
        query = (
            "SELECT stream, seq, step, time, data FROM frames WHERE seq > ? AND seq <= ? AND seq % ? = 0 ORDER BY seq"
        )
        frames: list[Frame] = []
        size = 0
        upto = 2**62 if upto is None else upto
        with self._lock, closing(self._rows(query, after, upto, stride)) as rows:
            for row in rows:
                size += len(row[4])
                if max_bytes is not None and frames and size > max_bytes:
                    break
                frames.append(Frame(*row))
        return frames

    @property
    def steps_done(self) -> int:
        """How many updates were made: as its end says, or else up to the last frame."""
        last = self._scalar("SELECT coalesce(max(step), -1) FROM frames")
        return max([last + 1, *(event.step for event in self.journal() if event.kind == "state")])

    def outline(self, after: int, upto: int, every: int) -> list[Frame]:
        """Return of each stream the first and every `every`-th frame after it with after < seq <= upto, in order."""
        query = """SELECT stream, seq, step, time, data FROM frames WHERE seq IN (
            SELECT seq FROM (
                SELECT seq, row_number() OVER (PARTITION BY stream ORDER BY seq) AS place
                FROM frames WHERE seq > ? AND seq <= ?
            ) WHERE (place - 1) % ? = 0
        ) ORDER BY seq"""
        with self._lock, closing(self._rows(query, after, upto, every)) as rows:
            return [Frame(*row) for row in rows]

    def sizes(self) -> dict[str, dict[str, int]]:
        """Return what takes the room: bytes by stream, then by quantity, frame headers under "(headers)"."""
        result: dict[str, dict[str, int]] = {}
        for name, layout in self.layouts.items():
            count = self._scalar("SELECT count(*) FROM frames WHERE stream = ?", layout.stream)
            room = {"(headers)": count * HEADER.size}
            for entry in layout.entries:
                room[entry.quantity] = room.get(entry.quantity, 0) + 4 * entry.size * count
            result[name] = dict(sorted(room.items(), key=lambda item: -item[1]))
        return result

    def copy(self, target: Path) -> None:
        """Write a consistent copy, also of a recording that is being written, as one file."""
        with closing(sqlite3.connect(target)) as copy:
            self._connection.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")

    @override
    def _steps(self, stream: int) -> Iterator[int]:
        for (step,) in self._rows("SELECT step FROM frames WHERE stream = ? ORDER BY seq", stream):
            yield step

    @override
    def _slices(self, stream: int, start: int, length: int) -> Iterator[bytes]:
        query = "SELECT substr(data, ?, ?) FROM frames WHERE stream = ? ORDER BY seq"
        for (data,) in self._rows(query, start + 1, length, stream):
            yield data

    @override
    def __str__(self) -> str:
        return self.path.name

    def _document(self, key: str) -> str | None:
        return next((body for (body,) in self._rows("SELECT body FROM document WHERE key = ?", key)), None)

    def _scalar(self, query: str, *parameters: object) -> int:
        return next(int(number) for (number,) in self._rows(query, *parameters))

    def _rows(self, query: str, *parameters: object) -> Generator[Any]:
        """Yield the rows of a query. Raises RecordingError when the file is damaged or cannot be read."""
        try:
            yield from self._connection.execute(query, parameters)
        except sqlite3.DatabaseError as error:
            raise RecordingError(notice("recording.not_read", path=str(self.path), error=str(error))) from error


def _open(path: Path) -> tuple[sqlite3.Connection, int, int]:
    """Connect and read the file's application id and format."""
    try:
        return _probed(connect(path, read_only=True))
    except sqlite3.OperationalError:
        if path.with_name(path.name + "-wal").exists():
            raise
        # Closed in mid-writing and then moved where nothing can be written: without a log, what is there is all.
        return _probed(sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True, check_same_thread=False))


def _probed(connection: sqlite3.Connection) -> tuple[sqlite3.Connection, int, int]:
    try:
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        return connection, application, connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.Error:
        connection.close()
        raise


def open_recording(path: str | Path) -> Recording:
    """Open a recording to read it.

    Raises:
        FileNotFoundError: there is no such file.
        RecordingError: it is not a recording, or of a newer format.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no recording at {path}")
    try:
        connection, application, version = _open(path)
    except sqlite3.OperationalError as error:
        raise RecordingError(notice("recording.not_opened", path=str(path), error=str(error))) from error
    except sqlite3.Error as error:
        raise RecordingError(notice("recording.not_a_recording", path=str(path), error=str(error))) from error
    if application != APPLICATION_ID:
        connection.close()
        raise RecordingError(notice("recording.other_database", path=str(path)))
    if version != FORMAT:
        connection.close()
        raise RecordingError(notice("recording.other_format", path=str(path), format=version, known=FORMAT))
    return Recording(path, connection)
