"""The rows of several streams in one piece of memory, each behind the header of its frame."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from shiftscope.frames import HEADER
from shiftscope.probes.streams import Stream

_GAP = HEADER.size // 4


class Rows:
    """Rows that are measured together. `sizes` gives the length of each, by stream."""

    def __init__(self, sizes: Mapping[Stream, int]) -> None:
        self.starts: dict[Stream, int] = {}
        """Where in `values` each stream's row begins."""
        size = 0
        for stream, length in sizes.items():
            self.starts[stream] = size + _GAP
            size += _GAP + length
        self._memory = memoryview(bytearray(4 * size))
        self.values: NDArray[np.float32] = np.frombuffer(self._memory, dtype=np.float32)
        self.values[:] = np.nan
        self._frames = [
            (stream, 4 * (start - _GAP), 4 * (start + sizes[stream])) for stream, start in self.starts.items()
        ]
        self._chosen: dict[frozenset[Stream], list[tuple[Stream, int, int]]] = {}

    def frames(self, streams: frozenset[Stream], first_seq: int, step: int, time: float) -> list[bytes]:
        """Return the rows of these streams as frames, the bytes that frames.encode would make."""
        chosen = self._chosen.get(streams)
        if chosen is None:
            chosen = self._chosen[streams] = [frame for frame in self._frames if frame[0] in streams]
        memory, seq, made = self._memory, first_seq, []
        for stream, begin, end in chosen:
            HEADER.pack_into(memory, begin, stream, seq, step, time)
            made.append(memory[begin:end].tobytes())
            seq += 1
        return made
