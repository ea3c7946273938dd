"""Frames as they lie in a recording: several in one block, in fewer bytes and bit for bit the same.

docs/recording.md specifies a block ("A block"); `heads` holds the frames' headers and checksums, `data` their rows.
"""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shiftscope.recording.counts import CountFinder
from shiftscope.recording.planes import LEVEL, BlockError, inflated, numbers_of, planes_of, squeezed
from shiftscope.wire.frames import HEADER, MAX_ROW, MAX_STEP, Frame, Layout

BLOCK_BYTES = 256 * 1024
"""Most bytes of frames in one block, single frames apart: who wants one of them decodes all."""
MOST_FRAMES = 4096
_START = struct.Struct("<II")
_PART = struct.Struct("<9I")
_GROUP = struct.Struct("<III")
_HEAD = struct.Struct("<IIQdI")
_CHECKSUM = struct.Struct("<I")
_MOST_HEADS = 16 << 20
_MOST_GROUPS = 1 << 16
_MOST_VALUES = MAX_ROW + BLOCK_BYTES


class Group(NamedTuple):
    """Columns of a row that are kept as counts: each value is its count divided by `divisor`."""

    offset: int
    size: int
    divisor: int


class Head(NamedTuple):
    """What a block says of one frame ahead of its row."""

    stream: int
    seq: int
    step: int
    time: float
    checksum: int


class Part(NamedTuple):
    """The rows of one stream in a block: how they are stored."""

    stream: int
    values: int
    groups: tuple[Group, ...]
    planes: tuple[int, ...]


@dataclass(frozen=True)
class Heads:
    """The first half of a block."""

    frames: tuple[Head, ...]
    parts: tuple[Part, ...]


class Block(NamedTuple):
    """The frames first to last as they are stored."""

    first: int
    last: int
    heads: bytes
    data: bytes


class BlockEncoder:
    """Makes blocks. Belongs to one file: what it finds of a stream holds for its next rows, too."""

    def __init__(self) -> None:
        self._finders: dict[int, CountFinder] = {}

    def expect(self, layouts: Iterable[Layout]) -> None:
        """Note what the rows to come hold."""
        for layout in layouts:
            self._finders[layout.number] = CountFinder(layout)

    def encode(self, frames: Sequence[Frame]) -> Block:
        """Return frames of ascending seqs as one block."""
        rows: dict[tuple[int, int], list[Frame]] = {}
        for frame in frames:
            rows.setdefault((frame.stream, (len(frame.data) - HEADER.size) // 4), []).append(frame)
        heads = [_START.pack(len(frames), len(rows))]
        heads += [frame.data[: HEADER.size] + _CHECKSUM.pack(zlib.crc32(frame.data)) for frame in frames]
        data: list[bytes] = []
        for (stream, size), some in rows.items():
            part, planes = self._part(stream, size, some)
            lengths = (*map(len, planes), *(0,) * (6 - len(planes)))
            heads.append(_PART.pack(stream, size, len(part), *lengths))
            heads += [_GROUP.pack(*group) for group in part]
            data += planes
        return Block(frames[0].seq, frames[-1].seq, zlib.compress(b"".join(heads), LEVEL), b"".join(data))

    def _part(self, stream: int, size: int, frames: Sequence[Frame]) -> tuple[list[Group], list[bytes]]:
        joined = b"".join(frame.data[HEADER.size :] for frame in frames)
        rows = np.frombuffer(joined, dtype="<u4").reshape(len(frames), size)
        finder = self._finders.get(stream)
        groups: list[Group] = []
        if finder is not None and finder.size == size:
            found, counts = finder.find(rows)
            groups = [Group(*one) for one in found]
        planes = [squeezed(plane) for plane in planes_of(rows[:, _columns(size, tuple(groups))[0]])]
        if groups:
            planes += [squeezed(plane) for plane in planes_of(counts)]
        return groups, planes


def split(frames: Iterable[Frame]) -> Iterator[list[Frame]]:
    """Yield frames in lists that each fit into one block."""
    some: list[Frame] = []
    room = BLOCK_BYTES
    for frame in frames:
        if some and (len(frame.data) > room or len(some) == MOST_FRAMES):
            yield some
            some, room = [], BLOCK_BYTES
        some.append(frame)
        room -= len(frame.data)
    if some:
        yield some


def read_heads(heads: bytes) -> Heads:
    """Return what a block holds. Raises BlockError."""
    try:
        return _heads(inflated(heads, _MOST_HEADS))
    except struct.error as error:
        raise BlockError(str(error)) from error


def read_frames(heads: Heads, data: bytes, numbers: Container[int] | None = None) -> list[Frame]:
    """Return the frames of a block, of some layouts or of all. Raises BlockError, which names the frame."""
    frames: dict[int, Frame] = {}
    at = 0
    for part in heads.parts:
        end = at + sum(part.planes)
        if numbers is None or part.stream in numbers:
            some = [head for head in heads.frames if head.stream == part.stream]
            if not some:
                raise BlockError(f"rows of stream {part.stream}, which has no frame")
            for head, row in zip(some, _rows(part, len(some), data[at:end]), strict=True):
                frames[head.seq] = _frame(head, row)
        at = end
    wanted = [head.seq for head in heads.frames if numbers is None or head.stream in numbers]
    if at != len(data) or len(frames) != len(wanted):
        raise BlockError("the rows are not those of its frames")
    return [frames[seq] for seq in wanted]


def _frame(head: Head, row: NDArray[np.uint32]) -> Frame:
    stream, seq, step, time, checksum = head
    data = HEADER.pack(stream, seq, step, time) + row.tobytes()
    if zlib.crc32(data) != checksum:
        raise BlockError(f"frame {head.seq} is not as it was written")
    return Frame(stream, seq, step, time, data)


def _heads(data: bytes) -> Heads:
    count, parts = _START.unpack_from(data)
    if not 0 < count <= MOST_FRAMES or not 0 < parts <= count:
        raise BlockError(f"{parts} streams of {count} frames")
    at = _START.size
    end = at + count * _HEAD.size
    frames = tuple(map(Head._make, _HEAD.iter_unpack(data[at:end])))
    at = end
    found = []
    for _ in range(parts):
        stream, values, groups, *planes = _PART.unpack_from(data, at)
        at += _PART.size
        if values > MAX_ROW or groups > min(values, _MOST_GROUPS):
            raise BlockError(f"a row of {values} values with {groups} groups of counts")
        end = at + groups * _GROUP.size
        found.append(Part(stream, values, _groups(data[at:end]), (*planes,)))
        at = end
    _check_sums(frames, found)
    if at != len(data):
        raise BlockError(f"{len(data) - at} bytes too many")
    if (step := max(head.step for head in frames)) >= MAX_STEP:
        raise BlockError(f"steps end before {step}")
    if [head.seq for head in frames] != list(range(frames[0].seq, frames[0].seq + count)):
        raise BlockError("its frames are not in order")
    return Heads(frames, tuple(found))


def _check_sums(frames: Sequence[Head], parts: Sequence[Part]) -> None:
    """Raise BlockError where rows would take more memory together than those of any writer."""
    rows = Counter(head.stream for head in frames)
    if len({part.stream for part in parts}) < len(parts):
        raise BlockError("a stream is there twice")
    values = sum(part.values * rows[part.stream] for part in parts)
    if values > _MOST_VALUES:
        raise BlockError(f"{values} values in one block")


@lru_cache(maxsize=256)
def _groups(data: bytes) -> tuple[Group, ...]:
    """Return the groups of a part, which are the same in one block after the other."""
    return tuple(map(Group._make, _GROUP.iter_unpack(data)))


def _rows(part: Part, count: int, data: bytes) -> NDArray[np.uint32]:
    """Return the rows of a part, shape (count, values), as the bits of their floats."""
    counted = sum(group.size for group in part.groups)
    if count * part.values > _MOST_VALUES or counted > part.values:
        raise BlockError(f"{count} rows of {part.values} values, of which {counted} are counts")
    others, counted_at, divisors = _columns(part.values, part.groups)
    rows = np.empty((count, part.values), dtype="<u4")
    floats, end = numbers_of(data, 0, part.planes[:4], count * (part.values - counted))
    counts, end = numbers_of(data, end, part.planes[4:], count * counted)
    if not counted:
        rows[:] = floats.view("<u4").reshape(part.values, count).T
        return rows
    rows[:, others] = floats.view("<u4").reshape(-1, count).T
    rows[:, counted_at] = (counts.view("<u2").reshape(-1, count).T / divisors).astype("<f4").view("<u4")
    return rows


@lru_cache(maxsize=256)
def _columns(size: int, groups: tuple[Group, ...]) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Return which columns of a row are no counts, where the counts stand, and their divisors."""
    plain = np.ones(size, dtype=bool)
    for group in groups:
        if group.divisor == 0 or group.offset + group.size > size:
            raise BlockError(f"counts at {group.offset} of a row of {size}")
        plain[group.offset : group.offset + group.size] = False
    places = [np.arange(0, dtype=np.intp), *(np.arange(one.offset, one.offset + one.size) for one in groups)]
    divisors = np.repeat(np.array([one.divisor for one in groups], dtype=np.float64), [one.size for one in groups])
    others = np.flatnonzero(plain)
    if len(others) + len(divisors) != size:
        raise BlockError("groups of counts that overlap")
    return others, np.concatenate(places), divisors
