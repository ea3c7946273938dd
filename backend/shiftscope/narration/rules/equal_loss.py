"""Two networks compared where their loss is the same, not their step: when each got there, and how far it had moved."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations

from shiftscope.narration.network import Network
from shiftscope.narration.observed import Observed
from shiftscope.narration.sentence import rounded, sentence
from shiftscope.notices import Value
from shiftscope.wire.messages import EventMessage

LEVELS = (0.5, 0.1)
"""Fractions of the first network's first loss at which they are compared: the first progress, and the last of it."""


@dataclass(frozen=True)
class _Passage:
    """When a network reached a level of the loss, and where it was then."""

    step: int
    layer: str
    drift: float


@dataclass
class EqualLoss:
    """Says, when a network reaches a loss that another reached before it, what it had taken each."""

    streams = frozenset({"layers"})
    _passed: dict[tuple[str, float], _Passage] = field(default_factory=dict)

    def observe(self, now: Observed) -> Iterator[EventMessage]:
        """Yield a sentence for each pair and level, once."""
        first = next((one.first_loss for one in now.networks if math.isfinite(one.first_loss)), math.nan)
        for part in LEVELS:
            arrived = [one for one in now.networks if self._arrives(one, part, part * first, now.step)]
            if not arrived:
                continue
            for one, other in combinations(now.networks, 2):
                late, early = (one, other) if one in arrived else (other, one)
                if late in arrived and (early.name, part) in self._passed:
                    yield self._compare(late, early, part, part * first, now.step)

    def _arrives(self, network: Network, part: float, level: float, step: int) -> bool:
        if network.diverged or (network.name, part) in self._passed or not network.loss <= level:
            return False
        self._passed[network.name, part] = _Passage(step, *network.farthest())
        return True

    def _compare(self, late: Network, early: Network, part: float, level: float, step: int) -> EventMessage:
        before, now = self._passed[early.name, part], self._passed[late.name, part]
        values: dict[str, Value] = {
            "loss": rounded(level),
            "name": early.name,
            "other": late.name,
            "early": before.step,
            "late": step,
        }
        if not (before.layer and now.layer) or before.drift == now.drift == 0:
            return sentence("narration.equal_loss", step, "loss", values=values)
        return sentence(
            "narration.equal_loss_moved", step, "shift", layer=now.layer, values=values, layer_name=before.layer,
            drift=before.drift, other_layer=now.layer, other_drift=now.drift,
        )  # fmt: skip
