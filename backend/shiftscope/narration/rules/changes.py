"""What somebody changed while the networks trained, and what followed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from shiftscope.narration.observed import Observed
from shiftscope.narration.sentence import rounded, sentence
from shiftscope.notices import Notice, Value, notice
from shiftscope.wire.messages import EventMessage

FACTOR = 1.5
"""A learning rate that changed by less in one recorded step is a schedule's doing."""
AFTER = 50
"""Steps after which it is said what followed."""
CHANGED = 0.1
"""A loss that changed by less has stayed about the same."""
MOST = 10
"""How many changes are spoken of."""


@dataclass(frozen=True)
class _Change:
    """A change of the learning rate, and the losses at it."""

    step: int
    before: float
    after: float
    losses: tuple[float, ...]


class LearningRateChanges:
    """Says that the learning rate was changed, and what became of the losses."""

    streams = frozenset({"steps"})

    def __init__(self) -> None:
        self._rate = math.nan
        self._pending: _Change | None = None
        self._told = 0

    def observe(self, now: Observed) -> Iterator[EventMessage]:
        """Yield a sentence some steps after a change."""
        pending = self._pending
        if pending is not None and now.step - pending.step >= AFTER:
            self._pending = None
            self._told += 1
            yield _followed(pending, now)
        rate, before = now.learning_rate, self._rate
        self._rate = rate
        if not (rate > 0 and before > 0) or self._pending is not None or self._told >= MOST:
            return
        if max(rate / before, before / rate) >= FACTOR:
            self._pending = _Change(now.step, before, rate, tuple(one.loss for one in now.networks))


def _followed(change: _Change, now: Observed) -> EventMessage:
    found = tuple(
        said
        for network, before in zip(now.networks, change.losses, strict=True)
        if (said := loss_of(network.name, before, network.loss)) is not None
    )
    return sentence(
        "narration.learning_rate", now.step, "loss", before=rounded(change.before), after=rounded(change.after),
        since=change.step, found=found or (notice("narration.part.no_loss"),),
    )  # fmt: skip


def loss_of(name: str, before: float, after: float) -> Notice | None:
    """Return what became of a loss; None where one of the two is not known."""
    if not (before > 0 and math.isfinite(after)):
        return None
    values: dict[str, Value] = {"name": name, "before": rounded(before), "after": rounded(after)}
    if abs(after / before - 1) < CHANGED:
        return notice("narration.part.loss_about", **values)
    return notice("narration.part.loss_lower" if after < before else "narration.part.loss_higher", **values)
