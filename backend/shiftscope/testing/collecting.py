"""A sink that keeps what it is given, and finds numbers by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue
from typing_extensions import override

from shiftscope.notices import Notice
from shiftscope.sinks.base import Sink
from shiftscope.wire import frames
from shiftscope.wire.frames import Entry, Frame, Layout, RunHeader
from shiftscope.wire.messages import EndState, EventKind, Revision


class Happened(NamedTuple):
    """An event."""

    kind: EventKind
    step: int
    message: str
    network: str
    value: JsonValue = None


class Collecting(Sink):
    """Keeps header, frames and events.

    Attributes:
        header: once there is one.
        frames: in the order in which they came.
        events: likewise.
        steps: updates so far.
        ended: state and reason, once the run has ended.
    """

    def __init__(self) -> None:
        self._header: RunHeader | None = None
        self.frames: list[Frame] = []
        self.events: list[Happened] = []
        self.steps = 0
        self.ended: tuple[EndState, str] | None = None

    @property
    def header(self) -> RunHeader:
        """The run's header. Raises LookupError before there is one."""
        if self._header is None:
            raise LookupError("no header came: nothing was recorded")
        return self._header

    @override
    def begin(self, header: RunHeader) -> None:
        if self._header is not None:
            raise RuntimeError("a second header")
        self._header = header

    @override
    def frame(self, data: bytes) -> None:
        lengths = {layout.number: layout.frame_bytes for layout in self.header.layouts}
        self.frames.extend(frames.split(data, lengths))

    @override
    def progress(self, step: int) -> None:
        self.steps = step

    @override
    def event(
        self,
        kind: EventKind,
        step: int,
        message: Notice | str,
        *,
        network: str = "",
        layer: str = "",
        value: JsonValue = None,
    ) -> None:
        if kind == "layouts":
            self._header = Revision.model_validate(value).of(self.header)
        self.events.append(Happened(kind, step, str(message), network, value))

    @override
    def flush(self) -> None:
        pass

    @override
    def end(self, state: EndState, reason: Notice | str) -> None:
        self.ended = (state, str(reason))

    def layout(self, name: str) -> Layout:
        """Return the first layout of a stream. Raises LookupError where there is none of that name."""
        return self._layouts(name)[0]

    def of(self, stream: str) -> list[Frame]:
        """Return the frames of a stream, by its name, however they are laid out."""
        numbers = {layout.number for layout in self._layouts(stream)}
        return [frame for frame in self.frames if frame.stream in numbers]

    def entry(self, quantity: str, **where: str) -> tuple[Layout, Entry]:
        """Return the only entry of that name, with the layout that it stands in first.

        Raises:
            LookupError: there is none, or more than one.
        """
        return self._entries(quantity, where)[0]

    def values(self, quantity: str, **where: str) -> NDArray[np.float32]:
        """Return all recorded values of one entry, shape (frames that have it, *entry.shape)."""
        found = {layout.number: entry for layout, entry in self._entries(quantity, where)}
        rows = [frame.row[found[frame.stream].offset :] for frame in self.frames if frame.stream in found]
        entry = next(iter(found.values()))
        return np.array([row[: entry.size] for row in rows]).reshape(len(rows), *entry.shape)

    def _layouts(self, name: str) -> list[Layout]:
        found = [layout for layout in self.header.layouts if layout.name == name]
        if not found:
            there = dict.fromkeys(one.name for one in self.header.layouts)
            raise LookupError(f"there is no stream {name!r}; there are {', '.join(there)}")
        return found

    def _entries(self, quantity: str, where: Mapping[str, str]) -> list[tuple[Layout, Entry]]:
        """Return the one entry of that name in each layout that has it."""
        found = [
            (layout, entry)
            for layout in self.header.layouts
            for entry in layout.entries
            if entry.quantity == quantity and all(getattr(entry, key) == value for key, value in where.items())
        ]
        places = {(layout.name, one.network, one.layer, one.site) for layout, one in found}
        if len(places) != 1:
            raise LookupError(f"{quantity} {where}: {len(places)} entries")
        return found
