"""Where values that are not finite appear first."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from shiftscope.narration.network import Network
from shiftscope.narration.observed import Observed
from shiftscope.narration.sentence import sentence
from shiftscope.wire.messages import EventMessage


@dataclass
class Origin:
    """Says of a network in which layer NaN or infinity is seen first: on the way forward, or else on the way back."""

    streams = frozenset({"layers"})
    _told: set[str] = field(default_factory=set)

    def observe(self, now: Observed) -> Iterator[EventMessage]:
        """Yield a sentence for each network with a value that is not finite, once."""
        for network in now.networks:
            if network.name in self._told:
                continue
            code, layer = "narration.origin", _first_forward(network)
            if not layer:
                code, layer = "narration.origin_gradient", _first_backward(network)
            if layer:
                self._told.add(network.name)
                yield sentence(
                    code, now.step, "moments", network=network.name, layer=layer, name=network.name, layer_name=layer
                )


def _first_forward(network: Network) -> str:
    counts = zip(network.layers, network.nans, network.infinities, strict=False)
    return next((layer for layer, nans, infinities in counts if nans > 0 or infinities > 0), "")


def _first_backward(network: Network) -> str:
    """Return the layer at which a gradient is not finite first; one that has no gradient tells nothing."""
    if not any(map(math.isfinite, network.first_gradients)):
        return ""
    norms = list(zip(network.layers, network.gradients, network.first_gradients, network.ran, strict=False))
    wild = (layer for layer, norm, first, ran in reversed(norms) if ran and math.isfinite(first) > math.isfinite(norm))
    return next(wild, "")
