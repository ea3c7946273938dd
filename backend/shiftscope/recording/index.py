"""What is known of a folder's recordings without opening them: one line a file, which holds while the file is the same.

A cache beside the recordings and no more: it is made anew where it is missing, of another version or broken, and kept
in memory where it cannot be written. What it holds of a run is checked by who reads it, like any other file.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from shiftscope.recording.database import refuse_pipes
from shiftscope.recording.schema import QUERY, foreign

logger = logging.getLogger(__name__)

NAME = "index.sqlite"
VERSION = 2
"""Of what a line holds: an index of any other is made anew."""
_TABLES = {
    "runs": "CREATE TABLE runs (file TEXT PRIMARY KEY, stamp TEXT NOT NULL, id TEXT NOT NULL, created REAL NOT NULL,"
    " trial TEXT NOT NULL, class TEXT NOT NULL, body TEXT NOT NULL) WITHOUT ROWID",
}
_MOST_BYTES = 1 << 20
_MOST_LINES = 1_000_000
_PATIENCE = 5.0
"""Seconds for one look into the index: pages that refer to each other in circles have no end."""


class Line(NamedTuple):
    """What is known of one file."""

    file: str
    stamp: str
    id: str
    created: float
    trial: str
    group: str


class FolderIndex:
    """The index of one folder. Safe to use from several threads; no method raises."""

    def __init__(self, folder: Path) -> None:
        self._lock = threading.Lock()
        self._path = folder / NAME
        self._until = 0.0
        self._connection = self._guarded(self._opened())

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def lines(self) -> Iterator[Line]:
        """Yield all lines whose columns are of their types."""
        try:
            with self._lock:
                self._begin()
                query = "SELECT file, stamp, id, created, trial, class FROM runs LIMIT ?"
                rows = self._connection.execute(query, (_MOST_LINES,)).fetchall()
        except (sqlite3.Error, UnicodeDecodeError) as error:
            self._forget(error)
            return
        for row in rows:
            if all(isinstance(value, kind) for value, kind in zip(row, (str, str, str, float, str, str), strict=True)):
                yield Line(*row)

    def body(self, file: str) -> str | None:
        """Return what is kept of a file."""
        try:
            with self._lock:
                self._begin()
                for (body,) in self._connection.execute("SELECT body FROM runs WHERE file = ?", (file,)):
                    return body if isinstance(body, str) else None
        except (sqlite3.Error, UnicodeDecodeError) as error:
            self._forget(error)
        return None

    def put(self, lines: Iterable[tuple[Line, str]]) -> None:
        """Keep what is known of files, in place of what was known."""
        query = "REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)"
        self._change(query, [(*line, body) for line, body in lines if _writable(line.file) and len(body) < _MOST_BYTES])

    def remove(self, files: Iterable[str]) -> None:
        """Forget files."""
        self._change("DELETE FROM runs WHERE file = ?", [(file,) for file in files if _writable(file)])

    def _change(self, query: str, rows: list[tuple[object, ...]]) -> None:
        if not rows:
            return
        try:
            with self._lock, self._connection:
                self._begin()
                self._connection.executemany(query, rows)
        except (sqlite3.Error, UnicodeEncodeError) as error:
            self._forget(error)

    def _forget(self, error: Exception) -> None:
        """Go on in memory where the file is broken or cannot be written; somebody else may read it at the moment."""
        if getattr(error, "sqlite_errorcode", 0) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            return
        logger.warning("the index of %s is not kept: %s", self._path.parent, error)
        with self._lock:
            with suppress(sqlite3.Error):
                self._connection.close()
            with suppress(OSError):
                self._path.unlink()
            self._connection = self._guarded(_made(":memory:"))

    def _guarded(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        connection.set_progress_handler(lambda: time.monotonic() > self._until, 50_000)
        return connection

    def _begin(self) -> None:
        self._until = time.monotonic() + _PATIENCE

    def _opened(self) -> sqlite3.Connection:
        for _ in range(2):
            try:
                if self._path.is_symlink() or (self._path.exists() and not self._path.is_file()):
                    break
                refuse_pipes(self._path)
                connection = sqlite3.connect(self._path, check_same_thread=False, timeout=1)
                if _fits(connection):
                    return connection
                connection.close()
                if self._path.stat().st_size == 0:
                    return _made(self._path)
            except (sqlite3.Error, UnicodeDecodeError, OSError) as error:
                logger.warning("the index of %s is made anew: %s", self._path.parent, error)
            with suppress(OSError):
                self._path.unlink()
        return _made(":memory:")


def _writable(file: str) -> bool:
    """Whether a file's name is text: it may be any bytes, and is looked into each time then."""
    try:
        return bool(file.encode())
    except UnicodeEncodeError:
        return False


def _fits(connection: sqlite3.Connection) -> bool:
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 4 * _MOST_BYTES)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA trusted_schema = OFF")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return version == VERSION and not foreign(connection.execute(f"{QUERY} LIMIT 5"), _TABLES)


def _made(path: Path | str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False, timeout=1)
    # What a crash of the operating system takes is read from the recordings.
    with closing(connection.execute("PRAGMA synchronous = OFF")):
        connection.executescript(f"{_TABLES['runs']}; PRAGMA user_version = {VERSION};")
    return connection
