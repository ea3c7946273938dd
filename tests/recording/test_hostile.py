"""Whoever made a file: opening and reading it raises RecordingError alone, and ends."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shiftscope.recording import database
from shiftscope.recording.documents import RecordingError
from shiftscope.recording.reader import Recording, open_recording
from tests.hostile.making import FORMATS, PLACE, good
from tests.hostile.recordings import HOSTILE

ARGUMENTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "outline": ((0, 2**62, 2), {}),
    "steps": (("layers",), {}),
    "steps_of": (("layers", "mean"), PLACE),
    "values": (("layers", "histogram"), PLACE),
    "coordinates": (("layers", "histogram"), PLACE),
    "rows": (("layers", ["mean", "histogram"]), {}),
}
HARMLESS = {
    "file-cut-by-a-byte", "file-of-no-encoding", "file-with-a-wrong-free-list", "file-with-a-hot-journal",
    "1-header-entry-of-no-network", "2-header-entry-of-no-network",
    "file-of-4-GB", "file-of-pages-of-64-KiB", "file-of-letters-of-two-bytes",
    "file-with-a-pipe-for-a-journal", "file-with-a-pipe-for-its-memory",
    "file-with-the-log-of-another",  # whose pages all are the other's: SQLite, and whoever reads, finds the other run
}  # fmt: skip
"""What is read whole all the same."""
APART = {"close", "copy", "table"}
"""`table` is `rows` with pandas."""


def calls(recording: Recording, folder: Path) -> Iterator[Any]:
    """Yield what gives the result of each public member of a recording."""
    for name, member in inspect.getmembers(Recording):
        if name.startswith("_") or name in APART:
            continue
        places, named = ARGUMENTS.get(name, ((), {}))
        if callable(member):
            yield lambda name=name, places=places, named=named: getattr(recording, name)(*places, **named)
        else:
            yield lambda name=name: getattr(recording, name)
    yield lambda: recording.copy(folder / "copy")


def outcome(call: Any) -> RecordingError | None:
    """Return how a call ended, once all that it yields was taken. A layout that lacks is no fault of the file."""
    try:
        found = call()
        if isinstance(found, Iterator):
            for _ in found:
                pass
    except RecordingError as error:
        return error
    except KeyError:
        return None
    return None


@pytest.mark.parametrize("version", FORMATS)
def test_the_recording_that_they_are_made_of_is_whole(version: int, tmp_path: Path) -> None:
    good(tmp_path / "good.shiftscope", version)
    with open_recording(tmp_path / "good.shiftscope") as recording:
        assert [outcome(call) for call in calls(recording, tmp_path) if outcome(call)] == []
        assert recording.format == version
        assert recording.values("layers", "histogram", **PLACE).shape == (4, 16)


@pytest.mark.parametrize("what", HOSTILE)
def test_every_method_raises_recording_error_alone(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "PATIENCE", 0.3)
    path = tmp_path / "r.shiftscope"
    HOSTILE[what](path)
    errors: list[RecordingError | FileNotFoundError] = []
    try:
        with open_recording(path) as recording:
            errors += filter(None, [outcome(call) for call in calls(recording, tmp_path)])
            missing = recording.incomplete
    except (RecordingError, FileNotFoundError) as error:
        errors.append(error)
        missing = None
    assert errors or missing or what in HARMLESS
    for error in errors:
        assert "r.shiftscope" in str(error)
        if isinstance(error, RecordingError):
            json.dumps(error.notice.model_dump(mode="json"), allow_nan=False)
        else:
            assert not path.is_file()
