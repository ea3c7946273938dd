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
        self._given: int | None = 0
        self._step = 0
        self._missed = 0
        self._until: tuple[int, int] | None = None

    def follow(self, seq: int, last: tuple[int, int] | None) -> None:
        """Go on after a seq: what comes is emitted once more, up to the frame of `last`, a stream and a step.

        Frames come in the order of their steps. The one of `last` may lack: then those of later steps are new.
        """
        self.seq, self._given, self._until = seq, None, last

    def known(self, data: bytes) -> bool:
        """Whether a frame was kept before, so that it is not to be kept again."""
        if self._until is None:
            return False
        frame, (stream, step) = Frame.parse(data), self._until
        if frame.step > step:
            self._until = None
            return False
        if (frame.stream, frame.step) == (stream, step):
            self._until = None
        self._after(frame)
        return True

    def keep(self, data: bytes) -> tuple[Frame, Gap | None]:
        """Return a frame under the next seq, and the gap before it, if there is one."""
        frame = Frame.parse(data)
        gap = self._after(frame)
        self.seq += 1
        if frame.seq == self.seq:
            return frame, gap
        data = data[:_AT] + _SEQ.pack(self.seq) + data[_AT + _SEQ.size :]
        return frame._replace(seq=self.seq, data=data), gap

    def gap_at_end(self, refused: int, step: int) -> Gap | None:
        """Return what was dropped after the last frame, given how many frames were dropped in all."""
        missing = refused - self._missed
        return Gap(missing, self._step, step) if missing > 0 else None

    def _after(self, frame: Frame) -> Gap | None:
        """Return the gap between the frame that was given last and this one, if there is one."""
        missing = 0 if self._given is None else max(0, frame.seq - self._given - 1)
        gap = Gap(missing, self._step, frame.step) if missing else None
        self._missed += missing
        self._given, self._step = frame.seq, frame.step
        return gap
