"""What a run records, laid out once: streams, their layouts, and each network's program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from torch import nn

from shiftscope.engine.program import Place, Program
from shiftscope.engine.streams import Stream
from shiftscope.tracing.forward_patch import Tap
from shiftscope.tracing.layers import Layer, Site
from shiftscope.wire.frames import Layout, LayoutBuilder, NetworkInfo


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


class Spot(NamedTuple):
    """What a number is about; empty where it does not apply."""

    network: str = ""
    layer: str = ""
    site: str = ""


_THE_RUN = Spot()


@dataclass
class NetworkPlan:
    """One network: its layers and what is done at each recorded step.

    Attributes:
        name: as shown.
        module: the network.
        tap: what looks into it.
        layers: in forward order.
        sites: names of the sites that are measured.
        units: single units that are looked at; of a layer that has fewer, the last one instead.
    """

    name: str
    module: nn.Module
    tap: Tap
    layers: list[Layer]
    sites: frozenset[str]
    units: tuple[int, ...]
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
        self, stream: Stream, quantity: Quantity, spot: Spot = _THE_RUN, *, shape: tuple[int, ...] = (),
        coordinates: tuple[float, ...] | None = None,
    ) -> Place:  # fmt: skip
        """Lay out one entry and say where its values are to be written."""
        builder = self._builders.setdefault(stream, LayoutBuilder(int(stream), stream.title))
        place = builder.add(
            quantity.name, unit=quantity.unit, network=spot.network, layer=spot.layer, site=spot.site, shape=shape,
            coordinates=coordinates,
        )  # fmt: skip
        return Place(int(stream), place.start)

    def add_all(
        self, stream: Stream, quantities: Sequence[Quantity], spot: Spot, *, shape: tuple[int, ...] = ()
    ) -> Place:
        """Lay out several entries of one shape side by side and say where the first is to be written."""
        first, *_ = [self.add(stream, quantity, spot, shape=shape) for quantity in quantities]
        return first

    def build(self) -> Mapping[Stream, Layout]:
        """Return the layouts, by stream."""
        return {stream: builder.build() for stream, builder in sorted(self._builders.items())}
