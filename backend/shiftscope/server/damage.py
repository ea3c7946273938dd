"""Recordings of which not all can be read: what is known of them, and what a server may say of their files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shiftscope.notices import Notice, notice
from shiftscope.recording.documents import RecordingError, RunInfo
from shiftscope.recording.reader import Recording
from shiftscope.wire.frames import Frame

_NOT_IN_AN_ID = re.compile(r"[^\w.\- ]")


@contextmanager
def noting(errors: list[RecordingError]) -> Iterator[None]:
    """Note why a part cannot be read, and go on to the next."""
    try:
        yield
    except RecordingError as error:
        errors.append(error)


class WholeFrames:
    """Reads what is whole of a recording: what cannot be read is passed over, more of it each time."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._passed_over = 1
        self.error: RecordingError | None = None

    def read(self, after: int, upto: int, max_bytes: int) -> tuple[list[Frame], int]:
        """Return frames with after < seq <= upto, and up to which seq these are all that there is."""
        end = upto
        while end > after:
            try:
                frames = self._recording.read(after, end, max_bytes=max_bytes)
            except RecordingError as error:
                self.error = self.error or error
                end = after + (end - after) // 2
            else:
                return frames, frames[-1].seq if frames else end
        after = min(upto, after + self._passed_over)
        self._passed_over *= 2
        return [], after


def printable(name: str) -> str:
    """Return a file's name as text: that of a file may be any bytes."""
    return name.encode(errors="replace").decode()


def unreadable(path: Path) -> RunInfo:
    """Return what is said of a run whose recording does not say what it is: the name of its file."""
    shown = printable(path.stem)
    stem = _NOT_IN_AN_ID.sub("_", shown)[:100]
    if stem.strip(". ") != path.stem:
        stem = f"{stem.strip('. ')}-{short_hash(path.name)}"
    created = max(0.0, min(path.lstat().st_mtime, 1e10))
    return RunInfo(id=stem, name=shown[:200], source="script", created=created)


def short_hash(name: str) -> str:
    """Return a few letters that tell the names of files apart."""
    return hashlib.sha256(name.encode(errors="surrogateescape")).hexdigest()[:6]


def without_path(said: Notice, path: Path) -> Notice:
    """Return a notice about a file that names it without its folder, which is nobody's business."""
    values = {name: _without(value, path) if isinstance(value, str) else value for name, value in said.values.items()}
    return notice(said.code, **values) if said.code else Notice(text=_without(said.text, path))


def _without(text: str, path: Path) -> str:
    return printable(text.replace(str(path), path.name).replace(f"{path.parent}/", ""))
