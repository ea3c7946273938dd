"""Format 2: frames in compressed blocks, each with a checksum (docs/recording.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Container, Generator, Iterator, Mapping
from typing import Literal

from typing_extensions import override

from shiftscope.recording.blocks import Head, Heads, read_frames, read_heads
from shiftscope.recording.database import Database
from shiftscope.recording.stored import StoredFrames
from shiftscope.wire.frames import Frame

_NEWEST = 2**62


class FrameBlocks(StoredFrames):
    """Reads the table `blocks`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._first = 0
        # Who reads a part of a block reads the rest next: its first and last seq, and its frames.
        self._kept: tuple[int, int, list[Frame]] | None = None

    @override
    def last_seq(self) -> int:
        query = "SELECT first, last, heads FROM blocks ORDER BY last DESC LIMIT 1"
        for first, last, heads in self._database.rows(query):
            return self._heads(first, last, heads).frames[-1].seq
        return 0

    @override
    def first_seq(self) -> int:
        # 1, but of a spool file, which goes on from what a server has.
        if not self._first:
            self._first = self._database.number("SELECT coalesce((SELECT first FROM blocks ORDER BY last LIMIT 1), 0)")
        return self._first

    @override
    def between(self, after: int, upto: int, stride: int = 1) -> Generator[Frame]:
        if self._kept is not None and self._kept[0] <= after < self._kept[1]:
            for frame in self._kept[2]:
                if after < frame.seq <= upto and frame.seq % stride == 0:
                    yield frame
            after = self._kept[1]
        for heads, data in self._blocks(after, upto, "data"):
            for frame in self._decoded(heads, data):
                if after < frame.seq <= upto and frame.seq % stride == 0:
                    yield frame

    @override
    def outline(self, after: int, upto: int, every: int) -> list[Frame]:
        places: Counter[int] = Counter()
        found: list[Frame] = []
        for heads, data in self._blocks(after, upto, "data"):
            wanted = set()
            for head in heads.frames:
                if after < head.seq <= upto:
                    if places[head.stream] % every == 0:
                        wanted.add(head.seq)
                    places[head.stream] += 1
            if wanted:
                found += [frame for frame in self._decoded(heads, data) if frame.seq in wanted]
        return found

    @override
    def steps(self, numbers: Collection[int]) -> Iterator[int]:
        for head in self.heads():
            if head.stream in numbers:
                yield head.step

    @override
    def slices(self, places: Mapping[int, slice]) -> Iterator[bytes]:
        for heads, rows in self._blocks(0, _NEWEST, "data"):
            for frame in self._decoded(heads, rows, places):
                data = frame.data[places[frame.stream]]
                if len(data) != places[frame.stream].stop - places[frame.stream].start:
                    raise self._database.damaged(f"frame {frame.seq} is cut short")
                yield data

    def heads(self) -> Iterator[Head]:
        """Yield what is said of each frame ahead of its row."""
        for heads, _ in self._blocks(0, _NEWEST, "NULL"):
            yield from heads.frames

    def _blocks(self, after: int, upto: int, rows: Literal["data", "NULL"]) -> Iterator[tuple[Heads, object]]:
        """Yield the blocks with frames after a seq up to another, with or without rows. None may be missing."""
        expected = max(after + 1, self.first_seq())
        begun = False
        query = f"SELECT first, last, heads, {rows} FROM blocks WHERE last > ? ORDER BY last"  # noqa: S608
        for first, last, packed, data in self._database.rows(query, after):
            if isinstance(first, int) and first > upto:
                return
            heads = self._heads(first, last, packed)
            if first > expected:
                raise self._database.damaged(f"frames {expected} to {first - 1} are missing")
            if begun and first < expected:
                raise self._database.damaged(f"frames {first} to {expected - 1} are there twice")
            yield heads, data
            begun, expected = True, last + 1

    def _heads(self, first: object, last: object, packed: object) -> Heads:
        if not isinstance(packed, bytes):
            raise self._database.damaged(f"frames {first!r:.40} to {last!r:.40} have no headers")
        try:
            heads = read_heads(packed)
        except ValueError as error:
            raise self._database.damaged(f"frames {first!r:.40} to {last!r:.40}: {error}") from error
        if (heads.frames[0].seq, heads.frames[-1].seq) != (first, last):
            raise self._database.damaged(f"frames {first!r:.40} to {last!r:.40} are numbered otherwise")
        return heads

    def _decoded(self, heads: Heads, data: object, numbers: Container[int] | None = None) -> list[Frame]:
        first, last = heads.frames[0].seq, heads.frames[-1].seq
        if not isinstance(data, bytes):
            raise self._database.damaged(f"frames {first} to {last} have no rows")
        try:
            frames = read_frames(heads, data, numbers)
        except ValueError as error:
            raise self._database.damaged(f"frames {first} to {last}: {error}") from error
        if numbers is None:
            self._kept = first, last, frames
        return frames
