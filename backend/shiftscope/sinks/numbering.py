"""The seqs of a run's frames, without a gap, also where frames were dropped."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from shiftscope.notices import Notice, notice
from shiftscope.wire.frames import Frame

_SEQ = struct.Struct("<I")
_AT = 4


@dataclass(frozen=True)
class Gap:
    """Frames that were dropped.

    Attributes:
        count: how many.
        after: the step of the last frame before them.
        before: the step of the first frame after them, or how far the training is.
    """

    count: int
    after: int
    before: int

    @property
    def notice(self) -> Notice:
        """What is recorded of it."""
        return notice("event.frames_dropped", count=self.count, first=self.after, last=self.before)


class Numbering:
    """Numbers frames anew where some before them were dropped: who reads the run finds a gap in the steps alone."""

    def __init__(self) -> None:
        self.seq = 0
        """Of the last frame that was kept."""
        self._given = 0
        self._step = 0

    def keep(self, data: bytes) -> tuple[Frame, Gap | None]:
        """Return a frame under the next seq, and the gap before it, if there is one."""
        frame = Frame.parse(data)
        missing = frame.seq - self._given - 1
        gap = Gap(missing, self._step, frame.step) if missing > 0 else None
        self._given, self._step = frame.seq, frame.step
        self.seq += 1
        if frame.seq == self.seq:
            return frame, gap
        data = data[:_AT] + _SEQ.pack(self.seq) + data[_AT + _SEQ.size :]
        return frame._replace(seq=self.seq, data=data), gap

    def gap_at_end(self, refused: int, step: int) -> Gap | None:
        """Return what was dropped after the last frame, given how many frames were dropped in all."""
        missing = refused - (self._given - self.seq)
        return Gap(missing, self._step, step) if missing > 0 else None
