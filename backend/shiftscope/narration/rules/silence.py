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

HELD = {"units": 2, "values": 3, "saturated": 3}
"""Frames one after the other that say so: of the probe batch, or of training batches, which differ."""
UNTAUGHT = 2
"""Frames one after the other in which no gradient reaches the first layer."""

_CODES = {
    "units": ("narration.silent", "narration.silent_stopped"),
    "values": ("narration.silent_values", "narration.silent_values_stopped"),
    "saturated": ("narration.saturated", "narration.saturated_stopped"),
}
"""The sentences of a network that can still learn, and of one that cannot."""


@dataclass
class _Quiet:
    """What was seen of one network.

    Attributes:
        latches: of each layer, by what was measured of it.
        seen: the newest values that the latches were given: they come more seldom than this rule is asked.
        norms: the newest gradient norms that were looked at.
        taught_nothing: frames one after the other in which no gradient reached the first layer.
        told: layers of which it was said that they pass nothing on, and what was measured of them.
    """

    latches: dict[str, dict[str, Latch]] = field(default_factory=dict)
    seen: dict[str, Values] = field(default_factory=dict)
    norms: Values = ()
    taught_nothing: int = 0
    told: dict[str, str] = field(default_factory=dict)

    def first(self, network: Network, code: str, values: Values) -> str | None:
        """Return the layer nearest to the input that has just been found to pass nothing on."""
        if self.seen.get(code) is values or not (self.latches or any(value > SILENT for value in values)):
            return None
        self.seen[code] = values
        latches, found = self.latches.setdefault(code, {}), None
        for layer, value in zip(network.layers[:-1], values, strict=False):
            latch = latches.setdefault(layer, Latch(SILENT, BACK, HELD[code]))
            if latch.turns_on(value) and found is None:
                found = layer
            if not latch.is_on and self.told.get(layer) == code:
                del self.told[layer]
        return found

    def look_at_gradients(self, network: Network) -> None:
        """Count for how many frames nothing has taught the network."""
        if self.norms is not network.gradients:
            self.norms = network.gradients
            self.taught_nothing = self.taught_nothing + 1 if _teaches_nothing(network) else 0


@dataclass
class Silence:
    """Says that a hidden layer is silent or saturated, and whether its network can still learn."""

    streams = frozenset({"layers", "drift"})
    _networks: dict[str, _Quiet] = field(default_factory=dict)

    def observe(self, now: Observed) -> Iterator[EventMessage]:
        """Yield at most one sentence a network and frame: of the layer nearest to the input."""
        for network in now.networks:
            if network.diverged:
                continue
            quiet = self._networks.setdefault(network.name, _Quiet())
            quiet.look_at_gradients(network)
            code, layer = _newly_quiet(quiet, network)
            stopped = quiet.taught_nothing >= UNTAUGHT and bool(layer or quiet.told)
            if layer is None and stopped and not network.stopped:  # it was quiet before, and now it is cut off
                layer, code = next(iter(quiet.told.items()))
            network.stopped = stopped
            if layer is None:
                continue
            quiet.told[layer] = code
            part = _measured(network, code)[network.layers.index(layer)]
            yield sentence(
                _CODES[code][stopped], now.step, "units", network=network.name, layer=layer,
                name=network.name, layer_name=layer, percent=100 * part,
            )  # fmt: skip


def quiet_layer(network: Network) -> tuple[str, str, float]:
    """Return the hidden layer nearest to the input that passes nothing on now, what of it does not, and how much."""
    code = "units" if network.silent else "values"
    pairs = zip(network.layers[:-1], _measured(network, code), strict=False)
    layer, value = next((pair for pair in pairs if pair[1] > SILENT), ("", math.nan))
    return layer, code, value


def _newly_quiet(quiet: _Quiet, network: Network) -> tuple[str, str | None]:
    # Units where the probe batch tells, else values of the training batch.
    kinds = ("units" if network.silent else "values", "saturated")
    found = [(code, quiet.first(network, code, _measured(network, code))) for code in kinds]
    return next((one for one in found if one[1] is not None), found[0])


def _measured(network: Network, code: str) -> Values:
    return {"units": network.silent, "values": network.zeros, "saturated": network.saturated}[code]


def _teaches_nothing(network: Network) -> bool:
    """Whether (almost) no gradient reaches the first layer."""
    if not network.gradients:
        return False
    first, at_start = network.gradients[0], network.first_gradients[0]
    return first < NONE_LEFT and (math.isnan(at_start) or first <= NONE_LEFT * at_start)
