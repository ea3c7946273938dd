"""Where a scope's frames go: to a server if one answers, else into a file, and never nowhere without a word."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shlex
import sys
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
from shiftscope.sinks.address import DEFAULT_URL, address_and_token, as_address
from shiftscope.sinks.base import Sink, SinkError
from shiftscope.sinks.file import FileSink, open_file
from shiftscope.sinks.socket import SocketSink
from shiftscope.sinks.sync import send_spools_later
from shiftscope.telling import tell
from shiftscope.wire.frames import RunHeader
from shiftscope.wire.messages import EndState, EventKind

ANSWER_SECONDS = 0.3
"""How long a server may take to answer that it is there, where nobody named one."""
_NO_SCRIPTS = {"", "-", "-c", "-m", "ipython", "ipython3", "ipykernel_launcher.py", "colab_kernel_launcher.py"}
"""What the first argument is where no script was named."""
NAMES = 1000
"""How many names are tried for a file, where others are taken."""


def open_sink(
    to: str | Path | Sink | None = None, *, name: str = "", token: str = "", rank: tuple[int, int] | None = None
) -> Sink:  # fmt: skip
    """Open where a run goes; never raises for what is not there, but does something else and says so in a line.

    Args:
        to: a server's address, where a recording shall be made, or a sink. By default the server at SHIFTSCOPE_URL, or
            at 127.0.0.1:8000, if it answers, else a new recording in the folder of recordings (SHIFTSCOPE_DATA).
        name: of the run; by default that of a file that is named, or of the script.
        token: of a shared server's control link; by default what stands in the address, or in SHIFTSCOPE_TOKEN.
        rank: which process this is of how many, where several train together. Each has a run, and a file, of its own.
    """
    if not (to is None or isinstance(to, str | Path)):
        return to
    url = as_address(to) if isinstance(to, str) else None
    path = None if to is None or url else Path(to)
    is_file = path is not None and not path.is_dir()
    if not name and not is_file:
        name = _script_name()
    if rank is not None:
        name = name or (path.stem if path is not None and is_file else "")
        name = f"{name}, rank {rank[0]} of {rank[1]}" if name else f"rank {rank[0]} of {rank[1]}"
    if url:
        return _open_server(url, name, token)
    return _open_default(name, token) if path is None else _open_path(path, name, rank)


def _script_name() -> str:
    """Return the name of the script that runs; empty in a notebook or where none was named."""
    path = Path(sys.argv[0] if sys.argv else "")
    name = path.parent.name if path.stem == "__main__" else path.stem
    given = path.name in _NO_SCRIPTS or hasattr(sys, "ps1")
    return "" if given else "".join(char for char in name if char.isprintable())[:60]


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


def _open_default(name: str, token: str) -> Sink:
    named, token = address_and_token(os.environ.get("SHIFTSCOPE_URL", ""), token)
    url = as_address(named) or named or DEFAULT_URL
    if answers(url, ANSWER_SECONDS):
        return _open_server(url, name, token)
    why = f"no Shiftscope answers at {url}" if named else "no Shiftscope is running here"
    return _open_in_folder(name, why)


def _open_server(url: str, name: str, token: str) -> Sink:
    url, admission = address_and_token(url, token)
    try:
        sink = SocketSink.connect(url, name=name, admission=admission)
    except SinkError as error:
        return _open_in_folder(name, str(error))
    tell(f"recording to {url}/?run={sink.run}")
    send_spools_later(url)
    return sink


def _open_in_folder(name: str, why: str) -> Sink:
    return _open_first([recordings_folder() / _new_name(name)], name, why)


def _new_name(name: str) -> str:
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{_as_file_name(name) or 'run'}{SUFFIX}"


def _open_path(path: Path, name: str, rank: tuple[int, int] | None) -> Sink:
    if path.is_dir():
        return _open_first([path / _new_name(name), recordings_folder() / _new_name(name)], name, f"{path} is a folder")
    with contextlib.suppress(OSError):  # Opening the file says why, and what is done instead.
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        sink = open_file(path, name=name)
    except RecordingError as error:
        if path.exists() and rank is not None:  # that of another process
            return _open_path(path.with_name(f"{path.stem}-rank-{rank[0]}-of-{rank[1]}{path.suffix}"), name, None)
        why = f"{path} is there already" if path.exists() else str(error)
    else:
        tell(f"recording to {path}; {_how_to_view(path)}")
        return sink
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
            tell("; ".join([why, *faults, f"recording to {sink.path}", _how_to_view(sink.path)]))
            return sink
    return Nowhere(SinkError("; ".join([why, *faults])))


def _how_to_view(path: Path) -> str:
    folder = path.absolute().parent
    where = "" if folder == recordings_folder().absolute() else f" --data {shlex.quote(str(folder))}"
    return f"`shiftscope serve{where}` shows it"


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
