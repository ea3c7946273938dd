"""A network whose layers are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from torch import nn

from shiftscope.kernels.tensor_memory import OnHost, lies_on_host
from shiftscope.tracing.layers import Layer, Site
from shiftscope.tracing.parts import Found, Part, find_parts
from shiftscope.tracing.selection import EVERY_LAYER, Selection
from shiftscope.wire.frames import NetworkInfo

DEFAULT_SITES = frozenset({"pre_activation", "output"})


@dataclass(frozen=True)
class TracedNetwork:
    """One network, its layers, and where it is measured.

    Attributes:
        name: as shown.
        module: the network.
        parts: the modules whose calls make up layers.
        layers: in forward order.
        overwriting: indices of parts that write over their input.
        sites: names of the sites that are measured, each with the probe that asked for it; "" by default.
        units: single units that are recorded; of a layer that has fewer, the last one instead.
        functions: whether functions are observed, besides modules.
        selection: which modules are to be layers.
        on_host: whether a tensor is read in the host's memory.
        found: residual sums and weights of attention: the last ones of the parts.
    """

    name: str
    module: nn.Module
    parts: list[Part]
    layers: list[Layer]
    overwriting: frozenset[int]
    sites: Mapping[str, str]
    units: tuple[int, ...]
    functions: bool = False
    selection: Selection = EVERY_LAYER
    on_host: OnHost = lies_on_host
    found: tuple[Found, ...] = ()

    def measured_sites(self) -> Iterator[tuple[Layer, Site]]:
        """Yield each layer with each of its sites that is measured, in forward order."""
        for layer in self.layers:
            for site in layer.sites:
                if site.name in self.sites:
                    yield layer, site

    def of_copy(self, module: nn.Module) -> TracedNetwork:
        """Return the same of a copy of the network."""
        parts = find_parts(module, self.selection, self.found)

        def own(part: Part | None) -> Part | None:
            return None if part is None else parts[part.index]

        def own_site(site: Site) -> Site:
            return site if site.normalization is None else replace(site, normalization=parts[site.part].module)

        layers = [
            replace(
                layer, core=parts[layer.core.index], normalization=own(layer.normalization),
                activation=own(layer.activation), sites=tuple(own_site(site) for site in layer.sites),
            )
            for layer in self.layers
        ]  # fmt: skip
        return replace(self, module=module, parts=parts, layers=layers)

    @property
    def info(self) -> NetworkInfo:
        """The network as the page draws it: without attention's weights, which are a part of what attends."""
        drawn = (layer for layer in self.layers if not layer.are_weights)
        return NetworkInfo(name=self.name, layers=tuple(layer.info for layer in drawn))
