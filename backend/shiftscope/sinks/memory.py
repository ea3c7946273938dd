"""A sink that keeps what passes through it, so that it can be read in the process that made it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from pydantic import JsonValue
from typing_extensions import override

from shiftscope.notices import Notice
from shiftscope.recording.streams import Streams
from shiftscope.sinks.base import Sink
from shiftscope.wire.frames import Frame, RunHeader
from shiftscope.wire.messages import EndState, EventKind, Revision


class MemorySink(Sink, Streams):
    """Passes everything on to another sink, and keeps the frames in memory, where they are read like a recording."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._header: RunHeader | None = None
        self._frames: dict[int, list[bytes]] = {}

    @override
    def begin(self, header: RunHeader) -> None:
        self._header = header
        self._frames = {}
        self._sink.begin(header)

    @override
    def frame(self, data: bytes) -> None:
        self._frames.setdefault(Frame.parse(data).stream, []).append(data)
        self._sink.frame(data)

    @override
    def progress(self, step: int) -> None:
        self._sink.progress(step)

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
        if kind == "layouts" and self._header is not None:
            self._header = Revision.model_validate(value).of(self._header)
        self._sink.event(kind, step, message, network=network, layer=layer, value=value)

    @override
    def flush(self) -> None:
        self._sink.flush()

    @override
    def end(self, state: EndState, reason: Notice | str) -> None:
        self._sink.end(state, reason)

    @property
    @override
    def header(self) -> RunHeader | None:
        return self._header

    @override
    def _steps(self, numbers: Collection[int]) -> Iterator[int]:
        return (frame.step for frame in self._of(numbers))

    @override
    def _slices(self, places: Mapping[int, slice]) -> Iterator[bytes]:
        return (frame.data[places[frame.stream]] for frame in self._of(places))

    def _of(self, numbers: Iterable[int]) -> list[Frame]:
        frames = [Frame.parse(data) for number in numbers for data in self._frames.get(number, ())]
        return sorted(frames, key=lambda frame: frame.seq)

    @override
    def __str__(self) -> str:
        return "the run"
