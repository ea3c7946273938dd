"""Where a scope's frames go: to a server if one answers, else into a file, and never nowhere without a word."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import tempfile
import time
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from urllib.parse import urlsplit

from typing_extensions import override

from shiftscope.notices import Notice, NoticeError
from shiftscope.recording.documents import SUFFIX, RecordingError
from shiftscope.recording.folder import recordings_folder
from shiftscope.sinks.base import Sink, SinkError
from shiftscope.sinks.file import FileSink, open_file
from shiftscope.sinks.socket import SocketSink
from shiftscope.sinks.sync import send_spools_later
from shiftscope.telling import tell
from shiftscope.wire.frames import RunHeader
from shiftscope.wire.messages import EndState, EventKind

DEFAULT_URL = "http://127.0.0.1:8000"
ANSWER_SECONDS = 0.3
"""How long a server may take to answer that it is there, where nobody named one."""
_HOST_AND_PORT = re.compile(r"(\[[\da-fA-F:.]+\]|[A-Za-z0-9][\w.-]*):\d{1,5}(/.*)?")
NAMES = 1000
"""How many names are tried for a file, where others are taken."""


def open_sink(to: str | Path | Sink | None = None, *, name: str = "") -> Sink:
    """Open where a run goes; never raises for what is not there, but does something else and says so in a line.

    Args:
        to: a server's address, where a recording shall be made, or a sink. By default the server at SHIFTSCOPE_URL, or
            at 127.0.0.1:8000, if it answers, else a new recording in the folder of recordings (SHIFTSCOPE_DATA).
        name: of the run.
    """
    if to is None:
        return _open_default(name)
    if isinstance(to, str) and (url := as_address(to)):
        return _open_server(url, name)
    if isinstance(to, str | Path):
        return _open_path(Path(to), name)
    return to


def as_address(to: str) -> str:
    """Return the address of a server that a text names, as http://host:8000 or localhost:8000, else ""."""
    if "://" in to:
        return to
    return f"http://{to}" if _HOST_AND_PORT.fullmatch(to) else ""


def answers(url: str, seconds: float) -> bool:
    """Return whether a Shiftscope answers at an address within so many seconds."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme in {"https", "wss"} else http.client.HTTPConnection
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=seconds)
        try:
            connection.request("GET", f"{parts.path.rstrip('/')}/api/health")
            found = json.loads(connection.getresponse().read(10_000))
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException):
        return False
    return isinstance(found, dict) and found.get("program") == "shiftscope"


def _open_default(name: str) -> Sink:
    named = os.environ.get("SHIFTSCOPE_URL", "")
    url = as_address(named) or named or DEFAULT_URL
    if answers(url, ANSWER_SECONDS):
        return _open_server(url, name, found=True)
    why = f"no Shiftscope answers at {url}" if named else "no Shiftscope is running here"
    return _open_in_folder(name, why)


def _open_server(url: str, name: str, *, found: bool = False) -> Sink:
    try:
        sink = SocketSink.connect(url, name=name)
    except SinkError as error:
        return _open_in_folder(name, str(error))
    if found:
        tell(f"recording to {url}/?run={sink.run}")
    send_spools_later(url)
    return sink


def _open_in_folder(name: str, why: str) -> Sink:
    return _open_first([recordings_folder() / _new_name(name)], name, why)


def _new_name(name: str) -> str:
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{_as_file_name(name) or 'run'}{SUFFIX}"


def _open_path(path: Path, name: str) -> Sink:
    if path.is_dir():
        return _open_first([path / _new_name(name), recordings_folder() / _new_name(name)], name, f"{path} is a folder")
    with contextlib.suppress(OSError):  # Opening the file says why, and what is done instead.
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return open_file(path, name=name)
    except RecordingError as error:
        why = f"{path} is there already" if path.exists() else str(error)
    return _open_first([path, recordings_folder() / path.name], name or path.stem, why)


def _open_first(paths: list[Path], name: str, why: str) -> Sink:
    """Open a file at the first of the paths, or beside it, or else in a temporary folder."""
    faults: list[str] = []
    for path in [*paths, Path(tempfile.gettempdir()) / paths[-1].name]:
        try:
            sink = _open_beside(path, name)
        except (RecordingError, OSError) as error:
            faults.append(str(error))
        else:
            tell("; ".join([why, *faults, f"recording to {sink.path}"]))
            return sink
    return Nowhere(SinkError("; ".join([why, *faults])))


def _open_beside(path: Path, name: str) -> FileSink:
    """Open a file at a path, or under a name like it that is free. Raises RecordingError, OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for candidate in islice(_names(path), NAMES):
        try:
            return open_file(candidate, name=name)
        except RecordingError:
            if not candidate.exists():
                raise
    raise FileExistsError(f"there are {NAMES} files like {path}")


def _names(path: Path) -> Iterator[Path]:
    yield path
    for number in count(2):
        yield path.with_name(f"{path.stem}-{number}{path.suffix}")


def _as_file_name(name: str) -> str:
    return "".join(char if char.isalnum() or char in "-_." else "-" for char in name).strip("-.")[:60]


class Nowhere(Sink):
    """Where nothing can be written at all: it refuses the first call, so that the scope says so and lets go."""

    def __init__(self, error: NoticeError) -> None:
        self._error = error

    @override
    def begin(self, header: RunHeader) -> None:
        raise self._error

    @override
    def frame(self, data: bytes) -> None:
        raise self._error

    @override
    def progress(self, step: int) -> None:
        """Pass over it: nothing is lost by it."""

    @override
    def event(self, kind: EventKind, step: int, message: Notice | str, **_: object) -> None:
        raise self._error

    @override
    def flush(self) -> None:
        """Pass over it: nothing waits."""

    @override
    def end(self, state: EndState, reason: Notice | str) -> None:
        """Pass over it: the first call has said what there is to say."""
