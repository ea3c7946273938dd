"""What a rule is, and what keeps it from speaking at each crossing of its threshold."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Protocol

from shiftscope.narration.observed import Observed
from shiftscope.wire.messages import EventMessage


class Rule(Protocol):
    """Finds one thing in a run. Made anew for each run; `streams` names those after whose frames it is asked."""

    streams: frozenset[str]

    def observe(self, now: Observed) -> Iterator[EventMessage]:
        """Yield what there is to say after a frame."""


class Latch:
    """A threshold with hysteresis: on above `on` for so many values one after the other, off again below `off`.

    With `on` below `off` it is the other way round: on below, off above. A value that is not finite changes nothing.
    """

    def __init__(self, on: float, off: float, needed: int = 1) -> None:
        self._sign = 1.0 if on >= off else -1.0
        self._on, self._off, self._needed = on * self._sign, off * self._sign, needed
        self._count = 0
        self.is_on = False

    def turns_on(self, value: float) -> bool:
        """Give it the next value; return whether that turns it on."""
        if not math.isfinite(value):
            return False
        value *= self._sign
        if self.is_on:
            self.is_on = value >= self._off
            self._count = 0
            return False
        self._count = self._count + 1 if value > self._on else 0
        self.is_on = self._count >= self._needed
        return self.is_on
