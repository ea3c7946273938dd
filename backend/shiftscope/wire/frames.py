"""Layouts and frames: the one contract between what measures, what stores and what shows.

A *frame* is one measurement: a 24-byte little-endian header and a row of float32. Which number of the row is what, the
stream's *layout* says once, when the run begins. docs/protocol.md describes the wire; tests/golden holds samples.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from math import prod
from typing import Annotated, Any, NamedTuple, Self

import numpy as np
import pydantic
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

HEADER = struct.Struct("<IIQd")
"""stream: uint32, seq: uint32, step: uint64, time: float64 (seconds since the epoch)."""

MAX_ROW = 4_000_000
"""Largest row accepted, in float32 values (16 MB)."""

MAX_STEP = 2**63
"""Steps are stored as signed 64-bit integers."""

MOST_ENTRIES = 50_000
"""Entries in all layouts of a run that a server takes, those that are declared later included."""

REVISION = 2**16
"""A frame names its stream and, times this, the revision of the stream's layout."""

_FIRST_FAULT_ENDS_IT: Any = getattr(pydantic, "FailFast", tuple)()
"""Marks long lists: as many faults as entries would be more than their text. Versions before 2.8 list them all."""


class FrameError(ValueError):
    """Bytes that are not frames of the layouts at hand."""


class Entry(BaseModel):
    """One quantity at one place of the row.

    `network`, `layer` and `site` are empty where they do not apply. `shape` is () for a scalar. `coordinates` names the
    positions along the last axis where they are numbers (the levels of percentiles, say).
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    network: str = Field("", max_length=200)
    layer: str = Field("", max_length=200)
    site: str = Field("", max_length=200)
    quantity: str = Field(min_length=1, max_length=200)
    unit: str = Field("", max_length=80)
    shape: tuple[int, ...] = Field((), max_length=4)
    offset: int = Field(ge=0, lt=MAX_ROW)
    coordinates: tuple[float, ...] | None = None

    @model_validator(mode="after")
    def _as_many_coordinates_as_positions(self) -> Self:
        if self.coordinates is not None and self.shape[-1:] != (len(self.coordinates),):
            raise ValueError(f"{self.quantity}: {len(self.coordinates)} coordinates for shape {self.shape}")
        return self

    @property
    def size(self) -> int:
        """Number of float32 values."""
        return prod(self.shape)


class Layout(BaseModel):
    """What stands where in the rows of one stream: entries side by side, in order, without gaps.

    A stream may be laid out anew while the run goes on: by a layout of the same stream and name and a later revision.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    stream: int = Field(ge=0, lt=1024)
    revision: int = Field(0, ge=0, lt=REVISION)
    name: str = Field(min_length=1, max_length=80)
    entries: Annotated[tuple[Entry, ...], _FIRST_FAULT_ENDS_IT] = Field(max_length=100_000)

    @model_validator(mode="after")
    def _side_by_side(self) -> Self:
        offset = 0
        for entry in self.entries:
            if min(entry.shape, default=1) < 1:
                raise ValueError(f"{entry.quantity}: shape {entry.shape} has an empty axis")
            if entry.offset != offset:
                raise ValueError(f"{entry.quantity} stands at {entry.offset}, expected {offset}")
            offset += entry.size
        if offset > MAX_ROW:
            raise ValueError(f"a row of {offset} values is longer than {MAX_ROW}")
        return self

    @property
    def number(self) -> int:
        """What frames of this layout call their stream."""
        return self.stream + REVISION * self.revision

    @property
    def size(self) -> int:
        """Length of a row, in float32 values."""
        return sum(entry.size for entry in self.entries)

    @property
    def frame_bytes(self) -> int:
        """Length of a frame, header included, in bytes."""
        return HEADER.size + 4 * self.size


class Frame(NamedTuple):
    """One measurement. `data` is the whole frame, header included, as it travels. `stream` is its layout's number."""

    stream: int
    seq: int
    step: int
    time: float
    data: bytes

    @classmethod
    def parse(cls, data: bytes) -> Frame:
        """Read the header of one whole frame."""
        stream, seq, step, time = HEADER.unpack_from(data)
        return cls(stream, seq, step, time, data)

    @property
    def row(self) -> NDArray[np.float32]:
        """The float32 row, shape (layout.size,): a read-only view of `data`."""
        return np.frombuffer(self.data, dtype="<f4", offset=HEADER.size)


def encode(stream: int, seq: int, step: int, time: float, row: NDArray[np.float32]) -> bytes:
    """Make the bytes of one frame. `row` is a contiguous float32 array; NaN and infinity travel as themselves."""
    return HEADER.pack(stream, seq, step, time) + row.astype("<f4", copy=False).tobytes()


def split(message: bytes, frame_bytes: Mapping[int, int]) -> Iterator[Frame]:
    """Yield the frames that stand side by side in `message`; `frame_bytes` gives each stream's frame length.

    Raises:
        FrameError: a stream without a layout, or bytes that end inside a frame.
    """
    offset = 0
    while offset < len(message):
        if len(message) - offset < HEADER.size:
            raise FrameError(f"{len(message) - offset} bytes are left where a header of {HEADER.size} should stand")
        stream, seq, step, time = HEADER.unpack_from(message, offset)
        length = frame_bytes.get(stream)
        if step >= MAX_STEP:
            raise FrameError(f"frame {seq} is of step {step}; steps end before {MAX_STEP}")
        if length is None:
            raise FrameError(f"stream {stream} has no layout; known are {sorted(frame_bytes)}")
        if offset + length > len(message):
            raise FrameError(f"frame {seq} of stream {stream} needs {length} bytes, {len(message) - offset} are there")
        yield Frame(stream, seq, step, time, message[offset : offset + length])
        offset += length


class LayoutBuilder:
    """Lays entries side by side: each `add` returns the slice of the row that the entry takes."""

    def __init__(self, stream: int, name: str) -> None:
        self._stream, self._name = stream, name
        self._entries: list[Entry] = []
        self._size = 0

    def add(
        self,
        quantity: str,
        *,
        unit: str,
        network: str = "",
        layer: str = "",
        site: str = "",
        shape: tuple[int, ...] = (),
        coordinates: tuple[float, ...] | None = None,
    ) -> slice:
        """Append one entry and return its place in the row."""
        entry = Entry(
            network=network, layer=layer, site=site, quantity=quantity, unit=unit,
            shape=shape, offset=self._size, coordinates=coordinates,
        )  # fmt: skip
        self._entries.append(entry)
        self._size += entry.size
        return slice(entry.offset, self._size)

    def build(self) -> Layout:
        """Return the layout of all that was added."""
        return Layout(stream=self._stream, name=self._name, entries=tuple(self._entries))


class LayerInfo(BaseModel):
    """One layer of a network, as the page draws it: in forward order, input first."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str = Field(max_length=200)
    features: int = Field(ge=1, description="units of a linear map, channels of a convolution")
    label: str = Field("", max_length=200, description="type and sizes for people: Conv2d 64→64; empty where unknown")
    activation: str = Field("", max_length=40, description="relu, sigmoid, tanh, ...; empty for none")
    normalization: str = Field("", max_length=40, description="batch, ...; empty for none")


class NetworkInfo(BaseModel):
    """One network of a run and its layers."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str = Field(max_length=200)
    layers: Annotated[tuple[LayerInfo, ...], _FIRST_FAULT_ENDS_IT] = Field(max_length=10_000)


class Process(BaseModel):
    """Which process a run is of, where several train one network together: its rank, from 0, of how many."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    rank: int = Field(ge=0)
    of: int = Field(ge=1)


class RunHeader(BaseModel):
    """What a producer says once, before its first frame; `process` where several train together."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    networks: tuple[NetworkInfo, ...] = Field(max_length=16)
    layouts: tuple[Layout, ...] = Field(max_length=64)
    total_steps: int | None = Field(None, ge=0, lt=MAX_STEP)
    process: Process | None = None

    @model_validator(mode="after")
    def _nothing_twice(self) -> Self:
        for what, names in (
            ("network", [network.name for network in self.networks]),
            ("stream", [layout.number for layout in self.layouts]),
            ("stream", [(layout.name, layout.revision) for layout in self.layouts]),
        ):
            if len(set(names)) < len(names):
                raise ValueError(f"a {what} is there twice: {names}")
        if len({(layout.stream, layout.name) for layout in self.layouts}) > len({one.stream for one in self.layouts}):
            raise ValueError("a stream has two names")
        return self

    def revised(self, layouts: Iterable[Layout], networks: Iterable[NetworkInfo] = ()) -> RunHeader:
        """Return the header with what was declared later: layouts, and networks as they are since.

        Raises:
            ValueError: they contradict it.
        """
        known = {layout.number: layout for layout in self.layouts}
        new = [layout for layout in layouts if known.get(layout.number) != layout]
        named = {network.name: network for network in (*self.networks, *networks)}
        later = {"layouts": (*self.layouts, *new), "networks": tuple(named.values())}
        return RunHeader.model_validate({**dict(self), **later})


def find_entry(layout: Layout, quantity: str, *, network: str = "", layer: str = "", site: str = "") -> Entry:
    """Return where a quantity stands in a layout.

    Raises:
        KeyError: it stands nowhere; the message lists what there is.
    """
    wanted = Entry(network=network, layer=layer, site=site, quantity=quantity, offset=0)

    def key(entry: Entry) -> tuple[str, str, str, str]:
        return entry.network, entry.layer, entry.site, entry.quantity

    for entry in layout.entries:
        if key(entry) == key(wanted):
            return entry
    place = " / ".join(filter(None, key(wanted)))
    near = sorted({" / ".join(filter(None, key(e))) for e in layout.entries if e.quantity == quantity})
    if near and all(entry.layer != layer for entry in layout.entries):  # else another part of the place is amiss
        near = nearest_first(place, near)
    known = () if near else nearest_first(quantity, sorted({e.quantity for e in layout.entries}))
    hint = f"it stands at {'; '.join(near[:12])}" if near else f"known are {', '.join(known)}"
    raise KeyError(f"stream {layout.name!r} has no {place}; {hint}")


def nearest_first(wanted: str, known: Sequence[str]) -> list[str]:
    """Return names that are known, first the one that was probably meant, if any is like it."""
    near = get_close_matches(wanted, known, 1)
    return [*near, *(one for one in known if one not in near)]
