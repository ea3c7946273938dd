"""What somebody changed while the networks trained, and what followed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from shiftscope.narration.network import Network
from shiftscope.narration.observed import Observed
from shiftscope.narration.sentence import rounded, sentence
from shiftscope.notices import Notice, Value, notice
from shiftscope.wire.messages import EventMessage

FACTOR = 1.5
"""A learning rate that changed by less is a schedule's doing."""
STEADY = 1.1
"""One that changes by less from one recorded step to the next stands still, or follows a slow schedule."""
BEFORE = 10
"""Steps for which it must have stood still before a change: that of a warm-up never does."""
MOVES = 3
"""So many moves one after the other are those of a hand that seeks; more are a schedule's."""
AFTER = 50
"""Steps after which it is said what followed."""
CHANGED = 0.1
"""A loss that changed by less has stayed about the same."""
MOST = 10
"""How many changes are spoken of."""


@dataclass(frozen=True)
class _Change:
    """A change of the learning rate in one move or some, and the losses at the first of them."""

    step: int
    before: float
    after: float
    losses: tuple[float, ...]
    moves: int = 1


@dataclass
class LearningRateChanges:
    """Says that the learning rate was changed, and what became of the losses."""

    streams = frozenset({"steps"})
    _rate: float = math.nan
    _step: int = 0
    _moved: int = 0
    _pending: _Change | None = None
    _told: int = 0

    def observe(self, now: Observed) -> Iterator[EventMessage]:
        """Yield a sentence some steps after a change that stands."""
        self._meet(now)
        pending = self._pending
        if pending is None or now.step - pending.step < AFTER:
            return
        self._pending = None
        if _factor(pending.before, pending.after) >= FACTOR:
            self._told += 1
            yield _followed(pending, now)

    def _meet(self, now: Observed) -> None:
        """Take note of a recorded step's learning rate, and whether it is a change from one that stood still."""
        rate, before, stood = now.learning_rate, self._rate, self._step - self._moved
        self._rate, self._step = rate, now.step
        factor = _factor(before, rate)
        if factor < STEADY:
            return
        self._moved = now.step
        pending = self._pending
        if pending is not None:
            again = replace(pending, step=now.step, after=rate, moves=pending.moves + 1)
            self._pending = again if rate > 0 and again.moves <= MOVES else None
        elif FACTOR <= factor < math.inf and stood >= BEFORE and self._told < MOST:
            self._pending = _Change(now.step, before, rate, tuple(one.lately for one in now.networks))


def _factor(before: float, after: float) -> float:
    """Return by what factor a learning rate changed, up or down; infinity where one of the two is none."""
    return max(after / before, before / after) if after > 0 and before > 0 else math.inf


def _followed(change: _Change, now: Observed) -> EventMessage:
    found = tuple(
        said
        for network, before in zip(now.networks, change.losses, strict=True)
        if (said := _since(network, before)) is not None
    )
    return sentence(
        "narration.learning_rate", now.step, "loss", before=rounded(change.before), after=rounded(change.after),
        since=change.step, found=found or (notice("narration.part.no_loss"),),
    )  # fmt: skip


def _since(network: Network, before: float) -> Notice | None:
    if network.diverged:
        return notice("narration.part.network", name=network.name, found=(notice("narration.part.diverged"),))
    return loss_of(network.name, before, network.lately)


def loss_of(name: str, before: float, after: float) -> Notice | None:
    """Return what became of a loss; None where one of the two is not known."""
    if not (before > 0 and math.isfinite(after)):
        return None
    values: dict[str, Value] = {"name": name, "before": rounded(before), "after": rounded(after)}
    if abs(after / before - 1) < CHANGED:
        return notice("narration.part.loss_about", **values)
    return notice("narration.part.loss_lower" if after < before else "narration.part.loss_higher", **values)
