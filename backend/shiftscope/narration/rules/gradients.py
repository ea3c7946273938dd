"""Gradients that fade or grow on their way back through the layers, or are huge anywhere."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from shiftscope.narration.network import Network
from shiftscope.narration.observed import Observed
from shiftscope.narration.rule import Latch
from shiftscope.narration.sentence import rounded, sentence
from shiftscope.wire.messages import EventMessage

APART, BACK = 100.0, 30.0
"""How many times the norms of the first and the last hidden layer differ: far more than their shapes alone make."""
IN_A_ROW = 5
"""Recorded steps one after the other for which they do: a single batch may be odd."""
HUGE, CALM = 1e3, 1e2
"""A gradient norm above the first is far beyond what any usual learning rate bears."""
FEWEST = 3
"""Hidden layers from which on one can speak of depth."""


@dataclass
class GradientsAlongDepth:
    """Says that gradients vanish or explode along the depth, or that one is huge."""

    streams = frozenset({"layers"})
    _latches: dict[tuple[str, str], Latch] = field(default_factory=dict)

    def observe(self, now: Observed) -> Iterator[EventMessage]:
        """Yield at most one sentence a network and frame."""
        for network in now.networks:
            if network.diverged or not network.gradients:
                continue
            said = self._huge(network, now.step) or self._along(network, now.step)
            if said is not None:
                yield said

    def _along(self, network: Network, step: int) -> EventMessage | None:
        if network.hidden < FEWEST:
            return None
        first, last = network.gradients[0], network.gradients[network.hidden - 1]
        if not (first > 0 and last > 0 and math.isfinite(first) and math.isfinite(last)):
            return None
        for code, ratio in (("narration.vanishing", last / first), ("narration.exploding", first / last)):
            if self._latch(network, code, APART, BACK, IN_A_ROW).turns_on(ratio):
                return sentence(
                    code, step, "gradients", network=network.name, layer=network.layers[0], name=network.name,
                    first=network.layers[0], last=network.layers[network.hidden - 1], small=min(first, last),
                    large=max(first, last), times=rounded(ratio, 2),
                )  # fmt: skip
        return None

    def _huge(self, network: Network, step: int) -> EventMessage | None:
        norm = max((norm for norm in network.gradients if norm < math.inf), default=math.nan)
        if not self._latch(network, "huge", HUGE, CALM, 1).turns_on(norm):
            return None
        layer = network.layers[network.gradients.index(norm)]
        return sentence(
            "narration.huge_gradient", step, "gradients", network=network.name, layer=layer, name=network.name,
            layer_name=layer, gradient=norm,
        )  # fmt: skip

    def _latch(self, network: Network, code: str, on: float, off: float, needed: int) -> Latch:
        return self._latches.setdefault((network.name, code), Latch(on, off, needed))
