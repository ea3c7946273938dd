"""Streams of frames, read as arrays: alike whether the frames lie in a file or in memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from shiftscope.wire.frames import HEADER, Layout, RunHeader, find_entry


class Streams(ABC):
    """What a run has recorded, by the name of the stream."""

    @property
    @abstractmethod
    def header(self) -> RunHeader | None:
        """Networks and layouts; None when the run never began to train."""

    @property
    def layouts(self) -> Mapping[str, Layout]:
        """The streams' layouts by name; empty when the run never began to train."""
        header = self.header
        return {layout.name: layout for layout in header.layouts} if header else {}

    @abstractmethod
    def _steps(self, stream: int) -> Iterable[int]:
        """Yield the step of each frame of a stream, in the order of their seqs."""

    @abstractmethod
    def _slices(self, stream: int, start: int, length: int) -> Iterable[bytes]:
        """Yield so many bytes of each frame of a stream from `start` on, in the order of their seqs."""

    @abstractmethod
    def __str__(self) -> str:
        """Name what was recorded, for messages."""

    def steps(self, stream: str) -> NDArray[np.int64]:
        """Return the steps at which a stream was recorded, shape (frames,)."""
        return np.fromiter(self._steps(self._layout(stream).stream), dtype=np.int64)

    def values(
        self, stream: str, quantity: str, *, network: str = "", layer: str = "", site: str = ""
    ) -> NDArray[np.float32]:
        """Return a quantity over time, shape (frames, *entry.shape), in the unit that the layout states.

        Raises:
            KeyError: no such stream or quantity; the message lists what there is.
        """
        layout = self._layout(stream)
        entry = find_entry(layout, quantity, network=network, layer=layer, site=site)
        slices = self._slices(layout.stream, HEADER.size + 4 * entry.offset, 4 * entry.size)
        return np.frombuffer(b"".join(slices), dtype="<f4").astype(np.float32).reshape(-1, *entry.shape)

    def coordinates(
        self, stream: str, quantity: str, *, network: str = "", layer: str = "", site: str = ""
    ) -> tuple[float, ...]:
        """Return the numbers that name the positions along the quantity's last axis; empty where they have none.

        Raises:
            KeyError: as `values` does.
        """
        entry = find_entry(self._layout(stream), quantity, network=network, layer=layer, site=site)
        return entry.coordinates or ()

    def _layout(self, stream: str) -> Layout:
        layouts = self.layouts
        if stream not in layouts:
            raise KeyError(f"{self} has no stream {stream!r}; it has {', '.join(layouts) or 'none'}")
        return layouts[stream]
