"""A loss that is no number any more."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from shiftscope.narration.observed import Observed
from shiftscope.narration.sentence import sentence
from shiftscope.wire.messages import EventMessage


@dataclass
class Divergence:
    """Says that a network diverged, and what its last finite loss was. Nothing more is said of that network then."""

    streams = frozenset({"steps", "logged_loss"})
    _finite: dict[str, tuple[int, float]] = field(default_factory=dict)

    def observe(self, now: Observed) -> Iterator[EventMessage]:
        """Yield a sentence for each network whose loss is not finite for the first time."""
        for network in now.networks:
            if network.diverged or not network.losses:
                continue
            loss = network.losses[-1]
            if math.isfinite(loss):
                self._finite[network.name] = network.loss_step, loss
            elif network.name in self._finite:
                network.diverged = True
                before, last = self._finite[network.name]
                yield sentence(
                    "narration.diverged",
                    now.step,
                    "loss",
                    network=network.name,
                    name=network.name,
                    loss=last,
                    before=before,
                )
