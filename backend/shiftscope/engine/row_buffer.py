"""The rows of several streams in one piece of memory, each behind the header of its frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from shiftscope.engine.due import Due
from shiftscope.engine.revisions import Laid
from shiftscope.wire.frames import HEADER, encode

_GAP = HEADER.size // 4


class RowBuffer:
    """Rows that are measured together. `sizes` gives the length of each, `numbers` what frames call the streams.

    Of a stream without a number, and of one whose rows are empty, no frames are made.
    """

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
        self._frames: list[tuple[str, int, int, int]] = [
            (stream, numbers[stream], 4 * (start - _GAP), 4 * (start + sizes[stream]))
            for stream, start in self.starts.items()
            if stream in numbers and sizes[stream]
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

    @contextmanager
    def lent(self, values: NDArray[np.float32]) -> Iterator[None]:
        """Let the rows be as they were at another step meanwhile."""
        now = self.values.copy()
        self.values[:] = values
        try:
            yield
        finally:
            self.values[:] = now

    def partial(
        self, due: Due, first_seq: int, step: int, time: float, laid: Mapping[str, Laid],
        lacking: Mapping[str, NDArray[np.intp]],
    ) -> list[bytes]:  # fmt: skip
        """Return the same, but of some streams no more than a part of the row, and of some NaN for what lacks."""
        whole = iter(self.frames(due, first_seq, step, time))
        made: list[bytes] = []
        for stream, number, begin, end in self._frames:
            if stream not in due.streams:
                continue
            frame = next(whole)
            if (part := laid.get(stream)) is not None:
                row = self.values[begin // 4 + _GAP : end // 4][part.places]
                frame = encode(part.number, first_seq + len(made), step, time, row)
            elif (gone := lacking.get(stream)) is not None:
                row = self.values[begin // 4 + _GAP : end // 4].copy()
                row[gone] = np.nan
                frame = encode(number, first_seq + len(made), step, time, row)
            made.append(frame)
        return made
