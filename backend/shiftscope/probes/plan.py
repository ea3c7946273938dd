"""What a run records, laid out once: streams, their layouts, and each network's program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from torch import nn

from shiftscope.frames import Layout, LayoutBuilder, NetworkInfo
from shiftscope.probes.program import Place, Program
from shiftscope.probes.structure import Layer, Site


class Stream(IntEnum):
    """Streams, by number: quantities that share a schedule."""

    STEPS = 0
    LAYERS = 1
    EVALUATION = 2
    DRIFT = 3
    GRADIENT_SHIFT = 4
    SAMPLING_SHIFT = 5
    LANDSCAPE = 6
    COST = 7
    CHANNELS = 8

    @property
    def title(self) -> str:
        """The layout's name."""
        return self.name.lower()


@dataclass(frozen=True)
class Quantity:
    """A kind of number that is recorded, and what one needs to know about it.

    `sites` and `shape` are words for docs/measures.md; `unit` is what every entry of it carries.
    """

    name: str
    unit: str
    formula: str
    shape: str = "()"
    sites: str = ""
    source: str = ""


@dataclass
class NetworkPlan:
    """One network: its layers and what is done at each recorded step."""

    name: str
    module: nn.Module
    layers: list[Layer]
    sites: frozenset[str]
    """Names of the sites that are measured."""
    program: Program = field(default_factory=Program)

    def measured_sites(self) -> Iterator[tuple[Layer, Site]]:
        """Yield each layer with each of its sites that is measured, in forward order."""
        for layer in self.layers:
            for site in layer.sites:
                if site.name in self.sites:
                    yield layer, site

    @property
    def info(self) -> NetworkInfo:
        """The network as the page draws it."""
        return NetworkInfo(name=self.name, layers=tuple(layer.info for layer in self.layers))


class Plan:
    """The layouts of all streams while they are made."""

    def __init__(self) -> None:
        self._builders: dict[Stream, LayoutBuilder] = {}

    def add(
        self, stream: Stream, quantity: Quantity, *, network: str = "", layer: str = "", site: str = "",
        shape: tuple[int, ...] = (), coordinates: tuple[float, ...] | None = None,
    ) -> Place:  # fmt: skip
        """Lay out one entry and say where its values are to be written."""
        builder = self._builders.setdefault(stream, LayoutBuilder(int(stream), stream.title))
        place = builder.add(
            quantity.name, unit=quantity.unit, network=network, layer=layer, site=site, shape=shape,
            coordinates=coordinates,
        )  # fmt: skip
        return Place(int(stream), place.start)

    def build(self) -> Mapping[Stream, Layout]:
        """Return the layouts, by stream."""
        return {stream: builder.build() for stream, builder in sorted(self._builders.items())}
