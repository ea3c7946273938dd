"""A sink that keeps what passes through it, so that it can be read in the process that made it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from shiftscope.sinks.base import Sink
from shiftscope.wire.frames import HEADER, Layout, RunHeader, find_entry
from shiftscope.wire.frames import Frame as _Frame


class Keeping:
    """Passes everything on to another sink, and keeps the frames in memory; reads like a Recording."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._layouts: dict[str, Layout] = {}
        self._frames: dict[int, list[bytes]] = {}

    def begin(self, header: RunHeader) -> None:
        """See Sink."""
        self._layouts = {layout.name: layout for layout in header.layouts}
        self._frames = {layout.stream: [] for layout in header.layouts}
        self._sink.begin(header)

    def frame(self, data: bytes) -> None:
        """See Sink."""
        self._frames[_Frame.parse(data).stream].append(data)
        self._sink.frame(data)

    def progress(self, step: int) -> None:
        """See Sink."""
        self._sink.progress(step)

    def event(
        self, kind: str, step: int, message: str, *, network: str = "", layer: str = "", value: JsonValue = None
    ) -> None:
        """See Sink."""
        self._sink.event(kind, step, message, network=network, layer=layer, value=value)

    def flush(self) -> None:
        """See Sink."""
        self._sink.flush()

    def end(self, state: str, reason: str) -> None:
        """See Sink."""
        self._sink.end(state, reason)

    def steps(self, stream: str) -> NDArray[np.int64]:
        """See Recording."""
        return np.array([_Frame.parse(data).step for data in self._kept(stream)], dtype=np.int64)

    def values(
        self, stream: str, quantity: str, *, network: str = "", layer: str = "", site: str = ""
    ) -> NDArray[np.float32]:
        """See Recording."""
        layout = self._layout(stream)
        entry = find_entry(layout, quantity, network=network, layer=layer, site=site)
        start = HEADER.size + 4 * entry.offset
        flat = np.frombuffer(b"".join(data[start : start + 4 * entry.size] for data in self._kept(stream)), dtype="<f4")
        return flat.astype(np.float32).reshape(-1, *entry.shape)

    def _kept(self, stream: str) -> list[bytes]:
        return self._frames[self._layout(stream).stream]

    def _layout(self, stream: str) -> Layout:
        if stream not in self._layouts:
            raise KeyError(f"the run has no stream {stream!r}; it has {', '.join(self._layouts) or 'none'}")
        return self._layouts[stream]
