"""Reading the file of a run."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Self, TypeVar

from pydantic import BaseModel
from typing_extensions import override

from shiftscope.notices import Notice, notice
from shiftscope.recording.database import Database, lacks_log, open_database
from shiftscope.recording.documents import FORMAT, Admission, Destination, Event, RecordingError, RunInfo, Seal
from shiftscope.recording.effects import Effects
from shiftscope.recording.format_1 import FrameRows
from shiftscope.recording.format_2 import FrameBlocks
from shiftscope.recording.logged import BEHIND_UPDATES, Names, declared
from shiftscope.recording.stored import StoredFrames
from shiftscope.recording.streams import Streams
from shiftscope.recording.texts import CheckedTexts, PlainTexts
from shiftscope.wire.frames import HEADER, Frame, RunHeader
from shiftscope.wire.messages import Revision

Document = TypeVar("Document", bound=BaseModel)


class Recording(Streams):
    """Reads a recording, also while it is being written. Not for two threads at once; open as many as you like."""

    def __init__(self, database: Database, version: int = FORMAT) -> None:
        self.path = database.path
        self.format = version
        self._database = database
        self._texts = PlainTexts(self._database) if version == 1 else CheckedTexts(self._database)
        self._frames: StoredFrames = FrameRows(self._database) if version == 1 else FrameBlocks(self._database)
        # A read may still go on in another thread when its task was cancelled: closing under it would crash SQLite.
        self._lock = threading.Lock()
        self._frame_bytes: dict[int, int] = {}
        self._headless = False
        self._header_texts: list[str] = []
        self._header: RunHeader | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; a read that goes on in another thread is waited for."""
        with self._lock:
            self._database.connection.close()

    @property
    def info(self) -> RunInfo:
        """The run: id, name, config."""
        return self._document("run", RunInfo) or self._texts.understood(RunInfo, "{}")

    @property
    @override
    def header(self) -> RunHeader | None:
        first = self._texts.document("header")
        if not first:
            return None
        texts = [first, *(body for body in self._texts.journal() if '"layouts"' in body)]
        # Most of what it takes is to understand the texts, and they seldom change: who reads a table asks each time.
        if texts != self._header_texts:
            self._header, self._header_texts = self._understood(texts), texts
        return self._header

    @property
    def admission(self) -> Admission | None:
        """Who may add to the run; None where no server keeps it."""
        return self._document("admission", Admission)

    @property
    def destination(self) -> Destination | None:
        """Where the contents belong, of a spool file; None of any other."""
        return self._document("destination", Destination)

    @property
    def last_seq(self) -> int:
        """The seq of the newest frame; 0 when there is none."""
        return self._frames.last_seq()

    def journal(self) -> Iterator[Event]:
        """All events, in the order in which they happened; a change has the step from which it is in the training."""
        effects = Effects(self._written('"applied"'))
        for event in self._written():
            yield effects.of(event)

    def _written(self, word: str = "") -> Iterator[Event]:
        """Yield the events as they are written, of those that a word is in."""
        for body in self._texts.journal():
            if word in body:
                yield self._texts.understood(Event, body)

    def read(
        self, after: int = 0, upto: int | None = None, *, stride: int = 1, max_bytes: int | None = None
    ) -> list[Frame]:
        """Return the frames with after < seq <= upto in order, each `stride`-th only.

        With `max_bytes`, as many of the first as fit into it (at least one).
        """
        frames: list[Frame] = []
        size = 0
        with self._lock, closing(self._frames.between(after, 2**62 if upto is None else upto, stride)) as found:
            for frame in found:
                self._check_length(frame)
                size += len(frame.data)
                if max_bytes is not None and frames and size > max_bytes:
                    break
                frames.append(frame)
        return frames

    @property
    def steps_done(self) -> int:
        """How many updates were made: as its end says, or else up to the last frame."""
        told = (event.step for event in self._written() if event.kind == "state")
        layouts = self.header.layouts if self.header else ()
        counted = {layout.number for layout in layouts if layout.name in BEHIND_UPDATES}
        with self._lock:
            steps = self._frames.steps({layout.number for layout in layouts} - counted)
            return max((0, *told, *self._frames.steps(counted), *(step + 1 for step in steps)))

    def outline(self, after: int, upto: int, every: int) -> list[Frame]:
        """Return of each stream the first and every `every`-th frame after it with after < seq <= upto, in order."""
        with self._lock:
            frames = self._frames.outline(after, upto, every)
            for frame in frames:
                self._check_length(frame)
            return frames

    def sizes(self) -> dict[str, dict[str, int]]:
        """Return what is recorded: bytes on the wire by stream, then by quantity, frame headers under "(headers)"."""
        result: dict[str, dict[str, int]] = {}
        header = self.header
        for layout in header.layouts if header else ():
            count = sum(1 for _ in self._frames.steps([layout.number]))
            room = result.setdefault(layout.name, {})
            room["(headers)"] = room.get("(headers)", 0) + count * HEADER.size
            for entry in layout.entries:
                room[entry.quantity] = room.get(entry.quantity, 0) + 4 * entry.size * count
        return {name: dict(sorted(room.items(), key=lambda item: -item[1])) for name, room in result.items()}

    def copy(self, target: Path) -> None:
        """Write a consistent copy, also of a recording that is being written, as one file. Raises RecordingError."""
        try:
            with closing(sqlite3.connect(target)) as copy:
                self._database.connection.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.Error as error:
            raise RecordingError(notice("recording.not_copied", path=str(self.path), error=str(error))) from error

    @property
    def incomplete(self) -> Notice | None:
        """What may lack of a file that was copied without the log beside it; None of any other."""
        if not lacks_log(self.path):
            return None
        events = self._texts.events()
        return notice("recording.log_lacks", path=str(self.path), seq=self.last_seq, events=events)

    @override
    def _logged_names(self) -> Names:
        return declared(self._written())

    @override
    def _steps(self, numbers: Collection[int]) -> Iterator[int]:
        return self._frames.steps(numbers)

    @override
    def _slices(self, places: Mapping[int, slice]) -> Iterator[bytes]:
        return self._frames.slices(places)

    @override
    def __str__(self) -> str:
        return self.path.name

    def _check_length(self, frame: Frame) -> None:
        """Raise RecordingError where a frame is of no layout, or not as long as its layout says."""
        if self._headless:  # a spool file need not repeat the header of its run
            return
        known = self._frame_bytes
        if frame.stream not in known:
            header = self.header
            self._headless = header is None
            known = self._frame_bytes = {one.number: one.frame_bytes for one in header.layouts} if header else {}
        if not self._headless and known.get(frame.stream) != len(frame.data):
            raise self._database.damaged(f"frame {frame.seq} is not as long as the layouts say")

    def _understood(self, texts: list[str]) -> RunHeader:
        """Return the header that its document says, and the events after it that lay it out anew."""
        header = self._texts.understood(RunHeader, texts[0])
        for body in texts[1:]:
            if (event := self._texts.understood(Event, body)).kind == "layouts":
                header = self._revised(header, event)
        return header

    def _revised(self, header: RunHeader, event: Event) -> RunHeader:
        try:
            return Revision.model_validate(event.value).of(header)
        except ValueError as error:
            raise self._database.damaged(f"the layouts of step {event.step}: {error}") from error

    def _document(self, key: str, kind: type[Document]) -> Document | None:
        body = self._texts.document(key)
        return self._texts.understood(kind, body) if body else None

    def check(self) -> None:
        """Raise RecordingError when what is there is less than what was there as the file was last closed."""
        body = self._texts.seal()
        if body is None:
            return
        seal = self._texts.understood(Seal, body)
        lost = set(seal.documents) - self._texts.keys()
        if lost:
            raise self._database.damaged(f"{', '.join(sorted(lost))} is missing")
        if self._texts.events() < seal.events:
            raise self._database.damaged("events are missing")
        if self.last_seq < seal.last or (seal.first and self._frames.first_seq() != seal.first):
            raise self._database.damaged(f"it had frames {seal.first} to {seal.last}")


def open_recording(path: str | Path) -> Recording:
    """Open a recording to read it.

    Raises:
        FileNotFoundError: there is no such file.
        RecordingError: it is not a recording, of a newer format, or damaged.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no recording at {path}")
    recording = Recording(*open_database(path))
    try:
        recording.check()
    except RecordingError:
        recording.close()
        raise
    return recording
