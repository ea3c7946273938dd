"""A sink that keeps what passes through it, so that it can be read in the process that made it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

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

    def carried(self) -> dict[str, Any]:
        """Return what there is so far, to be kept with a checkpoint: the header as JSON and all frames."""
        header = "" if self._header is None else self._header.model_dump_json()
        return {"header": header, "frames": {number: list(frames) for number, frames in self._frames.items()}}

    def carry_on(self, carried: Mapping[str, Any]) -> None:
        """Go on from what `carried` returned; the header that comes is another's of the same run.

        Raises ValueError where it is something else.
        """
        if carried["header"]:
            header = RunHeader.model_validate_json(carried["header"])
            frames = {number: list(frames) for number, frames in carried["frames"].items()}
            lengths = {layout.number: layout.frame_bytes for layout in header.layouts}
            for number, some in frames.items():
                if any(len(one) != lengths.get(number) or Frame.parse(one).stream != number for one in some):
                    raise ValueError(f"frames of stream {number} are not as the header lays them out")
            self._header, self._frames = header, frames

    @override
    def begin(self, header: RunHeader) -> None:
        if self._header is None:
            self._header, self._frames = header, {}
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
