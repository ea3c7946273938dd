"""Layers whose units pass nothing on any more."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from shiftscope.narration.network import Network, Values
from shiftscope.narration.observed import Observed
from shiftscope.narration.rule import Latch
from shiftscope.narration.sentence import sentence
from shiftscope.wire.messages import EventMessage

SILENT, BACK = 0.99, 0.9
"""Of a layer's units or values; it is said again only of a layer that had come back to below the second."""
NONE_LEFT = 1e-6
"""A gradient of the first layer below this, and below this part of what it was at first, teaches nothing any more."""

_CODES = {
    "units": ("narration.silent", "narration.silent_stopped"),
    "values": ("narration.silent_values", "narration.silent_values_stopped"),
    "saturated": ("narration.saturated", "narration.saturated_stopped"),
}
"""The sentences of a network that can still learn, and of one that cannot."""


@dataclass
class Silence:
    """Says that a hidden layer is silent or saturated, and whether its network can still learn."""

    streams = frozenset({"layers", "drift"})
    _latches: dict[tuple[str, str], dict[str, Latch]] = field(default_factory=dict)

    def observe(self, now: Observed) -> Iterator[EventMessage]:
        """Yield at most one sentence a network and frame: of the layer nearest to the input."""
        for network in now.networks:
            if network.diverged:
                continue
            # Units where the probe batch tells, else values of the training batch.
            quiet, code = (network.silent, "units") if network.silent else (network.zeros, "values")
            found = self._first(network, "quiet", quiet)
            if found is None:
                found, code = self._first(network, "saturated", network.saturated), "saturated"
            if found is None:
                continue
            layer, fraction = found
            network.stopped = _teaches_nothing(network)
            yield sentence(
                _CODES[code][network.stopped], now.step, "units", network=network.name, layer=layer,
                name=network.name, layer_name=layer, percent=100 * fraction,
            )  # fmt: skip

    def _first(self, network: Network, kind: str, values: Values) -> tuple[str, float] | None:
        latches = self._latches.setdefault((network.name, kind), {})
        if not latches and not any(value > SILENT for value in values):
            return None
        found = None
        for layer, value in zip(network.layers[:-1], values, strict=False):
            if latches.setdefault(layer, Latch(SILENT, BACK)).turns_on(value) and found is None:
                found = layer, value
        return found


def _teaches_nothing(network: Network) -> bool:
    """Whether (almost) no gradient reaches the first layer."""
    if not network.gradients:
        return False
    first, at_start = network.gradients[0], network.first_gradients[0]
    return first < NONE_LEFT and (math.isnan(at_start) or first <= NONE_LEFT * at_start)
