"""The last sentences: where each network stands when the run ends."""

from __future__ import annotations

import math
from collections.abc import Iterator

from shiftscope.narration.observed import Network, Observed
from shiftscope.narration.sentence import rounded, sentence
from shiftscope.notices import Notice, notice
from shiftscope.wire.messages import EventMessage


def summary(now: Observed) -> Iterator[EventMessage]:
    """Yield a sentence for each network: its loss, its accuracy and the hidden layer that moved farthest."""
    for network in now.networks:
        found = tuple(_parts(network))
        if found:
            layer, _ = network.farthest()
            view = "shift" if layer else "loss"
            yield sentence(
                "narration.end", now.step, view, network=network.name, layer=layer, name=network.name, found=found
            )


def _parts(network: Network) -> Iterator[Notice]:
    if network.diverged:
        yield notice("narration.part.diverged")
        return
    if math.isfinite(network.loss):
        yield notice("narration.part.loss", loss=rounded(network.loss))
    if math.isfinite(network.accuracy):
        yield notice("narration.part.accuracy", percent=rounded(100 * network.accuracy))
    layer, drift = network.farthest()
    if layer:
        yield notice("narration.part.moved", layer=layer, drift=rounded(drift))
        if math.isfinite(network.drift[-1]):
            yield notice("narration.part.output_moved", drift=rounded(network.drift[-1]))
