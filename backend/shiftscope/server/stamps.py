"""What tells one content of a recording's file from another, without looking into it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from shiftscope.recording.database import beside
from shiftscope.recording.documents import SUFFIX

NOTED_SECONDS = 2.0
"""Within so many seconds what the server itself writes into a file is noted."""


def stamps_of(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield what tells one content of a file from another, for each recording in a folder."""
    with os.scandir(folder) as found:
        there = {one.name: one for one in found}
    for name, one in there.items():
        if name.endswith(SUFFIX) and (stamp := _stamp_from(one, logged=f"{name}-wal" in there)) is not None:
            yield name, stamp


def stamp_of(path: Path) -> str | None:
    """Return what tells one content of a file from another; None where there is no file."""
    return _stamp_from(path, logged=os.path.lexists(beside(path)[0]))


def is_as(stamp: str, path: Path) -> bool:
    """Whether a file is what it was; one that cannot be looked at, since its folder is protected, is taken for it."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return stamp_of(path) == stamp


def is_new(path: Path) -> bool:
    """Whether a file was written just now: by who renames its run, say, and notes its stamp in a moment."""
    try:
        return abs(time.time() - path.stat().st_mtime) < NOTED_SECONDS
    except OSError:
        return False


def _stamp_from(file: Path | os.DirEntry[str], *, logged: bool) -> str | None:
    try:
        if not file.is_file():
            return None
        status = file.stat()
    except OSError:
        return None
    # A log is folded, or goes on: either way the file has to be looked into.
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ino}{' log' if logged else ''}"
