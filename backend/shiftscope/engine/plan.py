"""What a run records, laid out once: streams and their layouts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from shiftscope.engine.program import Place
from shiftscope.wire.frames import Layout, LayoutBuilder


@dataclass(frozen=True)
class Quantity:
    """A kind of number that is recorded, and what one needs to know about it.

    `sites` and `shape` are words for docs/measures.md; `unit` is what every entry of it carries. `by_gradients` says
    that there is none where no gradients are, as in a training without backward passes.
    """

    name: str
    unit: str
    formula: str
    shape: str = "()"
    sites: str = ""
    source: str = ""
    by_gradients: bool = False


class Location(NamedTuple):
    """What a number is about; empty where it does not apply."""

    network: str = ""
    layer: str = ""
    site: str = ""


_THE_RUN = Location()


class Plan:
    """The layouts of all streams while they are made. `numbers` are those of the streams in frames."""

    def __init__(self, numbers: Mapping[str, int]) -> None:
        self._numbers = numbers
        self._builders: dict[str, LayoutBuilder] = {}

    def add(
        self, stream: str, quantity: Quantity, location: Location = _THE_RUN, *, shape: tuple[int, ...] = (),
        coordinates: tuple[float, ...] | None = None,
    ) -> Place:  # fmt: skip
        """Lay out one entry and return where its values are to be written."""
        builder = self._builders.setdefault(stream, LayoutBuilder(self._numbers[stream], stream))
        place = builder.add(
            quantity.name, unit=quantity.unit, network=location.network, layer=location.layer, site=location.site,
            shape=shape, coordinates=coordinates,
        )  # fmt: skip
        return Place(stream, place.start)

    def build(self) -> Mapping[str, Layout]:
        """Return the layouts, by stream, in the order of their numbers."""
        ordered = sorted(self._builders, key=self._numbers.__getitem__)
        return {stream: self._builders[stream].build() for stream in ordered}
