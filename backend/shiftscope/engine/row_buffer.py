"""The rows of several streams in one piece of memory, each behind the header of its frame."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from shiftscope.engine.due import Due
from shiftscope.wire.frames import HEADER

_GAP = HEADER.size // 4


class RowBuffer:
    """Rows that are measured together. `sizes` gives the length of each, `numbers` the streams' own."""

    def __init__(self, sizes: Mapping[str, int], numbers: Mapping[str, int]) -> None:
        self.starts: dict[str, int] = {}
        """Where in `values` each stream's row begins."""
        size = 0
        for stream, length in sizes.items():
            self.starts[stream] = size + _GAP
            size += _GAP + length
        self._memory = memoryview(bytearray(4 * size))
        self.values: NDArray[np.float32] = np.frombuffer(self._memory, dtype=np.float32)
        self.values[:] = np.nan
        self.numbers = self._memory.cast("f")
        """The same memory, for single numbers."""
        self._frames = [
            (stream, numbers[stream], 4 * (start - _GAP), 4 * (start + sizes[stream]))
            for stream, start in self.starts.items()
        ]
        self._last: Due | None = None
        self._chosen: list[list[int]] = []

    def frames(self, due: Due, first_seq: int, step: int, time: float) -> list[bytes]:
        """Return the rows of the streams that are due as frames, the bytes that frames.encode would make."""
        if due != self._last:
            self._last = due
            self._chosen = [places for stream, *places in self._frames if stream in due.streams]
        memory, pack, seq, made = self._memory, HEADER.pack_into, first_seq, []
        for number, begin, end in self._chosen:
            pack(memory, begin, number, seq, step, time)
            made.append(memory[begin:end].tobytes())
            seq += 1
        return made
