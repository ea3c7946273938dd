"""A network whose layers are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from torch import nn

from shiftscope.tracing.forward_patch import ForwardPatch
from shiftscope.tracing.layers import Layer, Site
from shiftscope.wire.frames import NetworkInfo

DEFAULT_SITES = frozenset({"pre_activation", "output"})


@dataclass(frozen=True)
class TracedNetwork:
    """One network, its layers, and where it is measured.

    Attributes:
        name: as shown.
        module: the network.
        patch: at its forward passes.
        layers: in forward order.
        order: the index of the part of each call of a pass.
        overwriting: parts that write over their input.
        sites: names of the sites that are measured, each with the probe that asked for it; "" by default.
        units: single units that are recorded; of a layer that has fewer, the last one instead.
    """

    name: str
    module: nn.Module
    patch: ForwardPatch
    layers: list[Layer]
    order: tuple[int, ...]
    overwriting: frozenset[int]
    sites: Mapping[str, str]
    units: tuple[int, ...]

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
