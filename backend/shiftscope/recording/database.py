"""The SQLite file of a recording: rows out of it, and nothing but RecordingError when that fails.

Whoever made the file may be a stranger: it is opened read-only, and nothing but our own queries on our own tables runs.
"""

from __future__ import annotations

import errno
import shutil
import sqlite3
import stat
import tempfile
import time
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

from shiftscope.notices import notice
from shiftscope.recording.documents import APPLICATION_ID, KNOWN, RecordingError
from shiftscope.recording.schema import QUERY, TABLES, foreign

PATIENCE = 5.0
"""Seconds that SQLite may look for one row: pages that refer to each other in circles have no end."""
OPERATIONS = 50_000
"""Of SQLite's machine between two looks at the clock."""
MOST_BYTES = 64 << 20
"""Largest value or row that is read: a block with one row of the most values takes a quarter of that."""
_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: MOST_BYTES,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 4000,
    sqlite3.SQLITE_LIMIT_COLUMN: 20,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 30,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 3,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
_FUNCTIONS = frozenset({"coalesce", "count", "max", "min", "row_number", "substr"})
_PRAGMAS = frozenset({"application_id", "user_version", "trusted_schema", "cell_size_check", "query_only"})
_WRITE_AHEAD = b"\x02\x02"
"""Bytes 18 and 19 of a file whose newest pages are in its log, or were."""
_LOGS = frozenset({b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83"})
"""What a write-ahead log begins with, by the order of the bytes of its checksums (sqlite.org/fileformat2.html)."""
_KEPT_FREE = 64 << 20
"""Bytes of a disk that no copy takes: others write to it as well."""
_RUN = "SELECT body FROM document WHERE key = 'run'"


def connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """Open the SQLite file of a recording. Raises sqlite3.Error."""
    refuse_pipes(path)
    return _connect(f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rw'}")


def beside(path: Path) -> tuple[Path, Path]:
    """Return the files that SQLite may keep beside a recording that is in use."""
    return _log_of(path), path.with_name(path.name + "-shm")


def refuse_pipes(path: Path) -> None:
    """Raise sqlite3.OperationalError where a pipe, say, lies beside a file: SQLite would open it and wait for ever."""
    for one in (*beside(path), path.with_name(path.name + "-journal")):
        try:
            is_file = stat.S_ISREG(one.stat().st_mode)
        except OSError:  # there is none, as a rule
            continue
        if not is_file:
            raise sqlite3.OperationalError(f"{one.name} is no file")


def _connect(uri: str) -> sqlite3.Connection:
    # Calls come from a pool of threads, one at a time: a RecordingWriter has a lock, and a Recording one user.
    return sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None, timeout=10)


class Database:
    """An open file and its path, for messages."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self.connection = connection
        self._until = 0.0
        connection.set_progress_handler(self._over, OPERATIONS)
        connection.set_authorizer(_allowed)
        for limit, value in _LIMITS.items():
            connection.setlimit(limit, value)

    def rows(self, query: str, *parameters: object) -> Generator[Any]:
        """Yield the rows of a query. Raises RecordingError when the file is damaged or cannot be read."""
        try:
            self._until = time.monotonic() + PATIENCE
            cursor = self.connection.execute(query, parameters)
            while (row := cursor.fetchone()) is not None:
                yield row
                self._until = time.monotonic() + PATIENCE
        except (sqlite3.Error, UnicodeDecodeError, OverflowError, MemoryError) as error:
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

    def _over(self) -> bool:
        return time.monotonic() > self._until


def _allowed(action: int, first: str | None, second: str | None, *_: object) -> int:
    """Let SQLite prepare nothing but reading."""
    if action in {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ}:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION and second in _FUNCTIONS:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_PRAGMA and first in _PRAGMAS:
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def open_database(path: Path) -> tuple[Database, int]:
    """Open a file to read it, once it is known to be a recording; return its format, too. Raises RecordingError."""
    try:
        database = _opened(path)
    except sqlite3.OperationalError as error:
        raise RecordingError(notice("recording.not_opened", path=str(path), error=str(error))) from error
    except (sqlite3.Error, UnicodeDecodeError, OSError, RecordingError) as error:
        raise RecordingError(notice("recording.not_a_recording", path=str(path), error=_words(error))) from error
    try:
        version = _format(database)
        _refuse_strange_log(database)
    except RecordingError:
        database.connection.close()
        raise
    return database, version


def check_room(folder: Path, *files: Path) -> None:
    """Raise OSError where there is no room for a copy of files: a length costs who made a file nothing."""
    size = sum(file.stat().st_size for file in files)
    if size > shutil.disk_usage(folder).free - _KEPT_FREE:
        raise OSError(errno.ENOSPC, f"its {size / (1 << 30):.1f} GiB are more than may be copied here")


def lacks_log(path: Path) -> bool:
    """Whether a file was not closed by its writer, and the log that held what came last is not beside it."""
    try:
        with path.open("rb") as file:
            head = file.read(20)
    except OSError:
        return False
    return head[18:20] == _WRITE_AHEAD and not _is_log(_log_of(path))


def _is_log(path: Path) -> bool:
    """Whether a file begins as SQLite's logs do: it passes over any other."""
    try:
        if not path.is_file():  # to open a pipe would wait
            return False
        with path.open("rb") as file:
            return file.read(4) in _LOGS
    except OSError:
        return False


def _log_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _refuse_strange_log(database: Database) -> None:
    """Raise RecordingError where the log beside a file is another run's: SQLite reads that one's pages for the file's.

    Both say which run it is, and SQLite alone reads them: this process would lose its locks on a file that it closed.
    """
    path = database.path
    log = _log_of(path)
    try:
        there = log.stat().st_size > 0
    except OSError:
        return
    if there and (alone := _run_without_log(path)) is not None and _run_in(database) not in {None, alone}:
        raise RecordingError(notice("recording.strange_log", path=str(path), log=log.name))


def _run_without_log(path: Path) -> object:
    """Return what a file alone says of its run; None where that is in its log yet."""
    try:
        database = _probed(path, _connect(f"{path.absolute().as_uri()}?immutable=1"))
    except (sqlite3.Error, UnicodeDecodeError, OSError, RecordingError):
        return None
    with closing(database.connection):
        return _run_in(database)


def _run_in(database: Database) -> object:
    try:
        return next((body for (body,) in database.rows(_RUN)), None)
    except RecordingError:
        return None


def _opened(path: Path) -> Database:
    log = _log_of(path)
    if log.exists() and not log.is_file():
        raise OSError(f"{log.name} is no file")
    try:
        return _probed(path, connect(path, read_only=True))
    except sqlite3.OperationalError:
        if not log.exists():
            # Closed in mid-writing and then moved where nothing can be written: without a log, what is there is all.
            return _probed(path, _connect(f"{path.absolute().as_uri()}?immutable=1"))
    # SQLite wants to write beside a log, and cannot here: it can beside a copy.
    with tempfile.TemporaryDirectory(prefix="shiftscope-") as folder:
        check_room(Path(folder), path, log)
        copy = Path(folder) / "copy"
        shutil.copyfile(path, copy)
        shutil.copyfile(log, copy.with_name("copy-wal"))
        return _probed(path, connect(copy, read_only=True))  # which stays open when its name is gone


def _probed(path: Path, connection: sqlite3.Connection) -> Database:
    """Guard a connection, and read from it for the first time."""
    try:
        database = Database(path, connection)
        for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "query_only = ON"):
            connection.execute(f"PRAGMA {pragma}")
        database.number("PRAGMA user_version")
    except RecordingError as error:
        connection.close()
        raise error.__cause__ or error from None
    except sqlite3.Error:
        connection.close()
        raise
    return database


def _format(database: Database) -> int:
    path = str(database.path)
    if database.number("PRAGMA application_id") != APPLICATION_ID:
        if lacks_log(database.path):
            raise RecordingError(notice("recording.log_missing", path=path))
        raise RecordingError(notice("recording.other_database", path=path))
    version = database.number("PRAGMA user_version")
    if version not in KNOWN:
        known = f"{KNOWN[0]} to {KNOWN[-1]}"
        raise RecordingError(notice("recording.other_format", path=path, format=version, known=known))
    if fault := foreign(database.rows(f"{QUERY} LIMIT 20"), TABLES[version]):
        raise database.damaged(fault)
    return version


def _words(error: BaseException) -> str:
    return str(error)
