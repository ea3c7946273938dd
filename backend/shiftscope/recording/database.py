"""The SQLite file of a recording: rows out of it, and nothing but RecordingError when that fails."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from pathlib import Path
from typing import Any

from shiftscope.notices import notice
from shiftscope.recording.documents import RecordingError


def connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """Open the SQLite file of a recording. Raises sqlite3.Error."""
    uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rw'}"
    # Calls come from a pool of threads, one at a time: a RecordingWriter has a lock, and a Recording one user.
    return sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None, timeout=10)


class Database:
    """An open file and its path, for messages."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self.connection = connection

    def rows(self, query: str, *parameters: object) -> Generator[Any]:
        """Yield the rows of a query. Raises RecordingError when the file is damaged or cannot be read."""
        try:
            for row in self.connection.execute(query, parameters):  # never closes the cursor  # noqa: UP028
                yield row
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            raise RecordingError(notice("recording.not_read", path=str(self.path), error=str(error))) from error

    def number(self, query: str, *parameters: object) -> int:
        """Return the number that a query has as its only result. Raises RecordingError."""
        for (found,) in self.rows(query, *parameters):
            if isinstance(found, int):
                return found
        raise self.damaged("a number is missing")

    def damaged(self, error: object) -> RecordingError:
        """Return the error of a file whose bytes are not those that were written."""
        return RecordingError(notice("recording.damaged", path=str(self.path), error=str(error)))
