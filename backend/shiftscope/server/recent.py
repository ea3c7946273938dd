"""The newest frames of a run that is watched, which most of those want who are not quite there yet."""

from __future__ import annotations

from collections.abc import Sequence

from shiftscope.wire.frames import Frame

RECENT_BYTES = 4 << 20


class RecentFrames:
    """The frames that were passed on last, of the same bytes that were read once."""

    def __init__(self) -> None:
        self._frames: list[Frame] = []
        self._size = 0

    def add(self, frames: Sequence[Frame]) -> None:
        """Keep frames that follow on the last ones; let go of the oldest."""
        if self._frames and frames and frames[0].seq != self._frames[-1].seq + 1:
            self._frames, self._size = [], 0
        self._frames += frames
        self._size += sum(len(frame.data) for frame in frames)
        surplus = 0
        while self._size > RECENT_BYTES:
            self._size -= len(self._frames[surplus].data)
            surplus += 1
        del self._frames[:surplus]

    def between(self, after: int, upto: int, max_bytes: int) -> Sequence[Frame]:
        """Return the frames after a seq up to another, as many of the first as fit (at least one); none if not here."""
        if not self._frames or not self._frames[0].seq <= after + 1 <= self._frames[-1].seq:
            return ()
        first = after + 1 - self._frames[0].seq
        size, last = 0, first
        while last < len(self._frames) and self._frames[last].seq <= upto:
            size += len(self._frames[last].data)
            if size > max_bytes and last > first:
                break
            last += 1
        return self._frames[first:last]
