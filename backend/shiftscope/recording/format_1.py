"""Format 1: each frame a row, as it travelled, without a checksum."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping

from typing_extensions import override

from shiftscope.recording.database import Database
from shiftscope.recording.stored import StoredFrames
from shiftscope.wire.frames import HEADER, MAX_STEP, Frame


class FrameRows(StoredFrames):
    """Reads the table `frames`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @override
    def last_seq(self) -> int:
        last = self._database.number("SELECT coalesce(max(seq), 0) FROM frames")
        if not 0 <= last < 2**32:
            raise self._database.damaged(f"frame {last} is beyond what a seq can be")
        return last

    @override
    def first_seq(self) -> int:
        return self._database.number("SELECT coalesce(min(seq), 0) FROM frames")

    @override
    def between(self, after: int, upto: int, stride: int = 1) -> Generator[Frame]:
        query = """SELECT stream, seq, step, time, data FROM frames
            WHERE seq > ? AND seq <= ? AND seq % ? = 0 ORDER BY seq"""
        before = after
        for row in self._database.rows(query, after, upto, stride):
            frame = self._checked(row)
            if frame.seq <= before:
                raise self._database.damaged(f"frame {frame.seq} follows on {before}")
            before = frame.seq
            yield frame

    @override
    def outline(self, after: int, upto: int, every: int) -> list[Frame]:
        query = """SELECT stream, seq, step, time, data FROM frames WHERE seq IN (
            SELECT seq FROM (
                SELECT seq, row_number() OVER (PARTITION BY stream ORDER BY seq) AS place
                FROM frames WHERE seq > ? AND seq <= ?
            ) WHERE (place - 1) % ? = 0
        ) ORDER BY seq"""
        return [self._checked(row) for row in self._database.rows(query, after, upto, every)]

    @override
    def steps(self, numbers: Collection[int]) -> Iterator[int]:
        before = 0
        for seq, stream, step in self._database.rows("SELECT seq, stream, step FROM frames ORDER BY seq"):
            if not isinstance(seq, int) or seq <= before:
                raise self._database.damaged(f"frame {seq!r:.40} follows on {before}")
            before = seq
            if stream in numbers:
                if not isinstance(step, int) or step < 0:
                    raise self._database.damaged(f"{step!r:.40} is no step")
                yield step

    @override
    def slices(self, places: Mapping[int, slice]) -> Iterator[bytes]:
        (number, place), *later = places.items()
        if later:  # the run was begun in this format, and laid out anew by a newer version
            for frame in self.between(0, 2**62):
                if frame.stream in places:
                    yield self._cut(frame.seq, frame.data[places[frame.stream]], places[frame.stream])
            return
        length = place.stop - place.start
        query = "SELECT seq, substr(data, ?, ?) FROM frames WHERE stream = ? ORDER BY seq"
        before = 0
        for seq, data in self._database.rows(query, place.start + 1, length, number):
            if not isinstance(seq, int) or seq <= before:
                raise self._database.damaged(f"frame {seq!r:.40} follows on {before}")
            before = seq
            yield self._cut(seq, data, place)

    def _cut(self, seq: int, data: object, place: slice) -> bytes:
        if not isinstance(data, bytes) or len(data) != place.stop - place.start:
            raise self._database.damaged(f"frame {seq} is cut short")
        return data

    def _checked(self, row: tuple[int, int, int, float, object]) -> Frame:
        data = row[4]
        if not isinstance(data, bytes) or len(data) < HEADER.size or HEADER.unpack_from(data) != row[:4]:
            raise self._database.damaged(f"frame {row[1]!r:.40} is not as it was written")
        if not 0 <= row[2] < MAX_STEP:
            raise self._database.damaged(f"frame {row[1]!r:.40} is of step {row[2]!r:.40}")
        return Frame(*row[:4], data)
