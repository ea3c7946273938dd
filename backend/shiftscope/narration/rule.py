"""What a rule is, and what keeps it from speaking at each crossing of its threshold."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from shiftscope.narration.observed import Observed
from shiftscope.wire.messages import EventMessage


class Rule(Protocol):
    """Finds one thing in a run. Made anew for each run; `streams` names those after whose frames it is asked."""

    streams: frozenset[str]

    def observe(self, now: Observed) -> Iterator[EventMessage]:
        """Yield what there is to say after a frame."""


@dataclass
class Latch:
    """A threshold with hysteresis: on above `on` for so many values one after the other, off again below `off`.

    With `on` below `off` it is the other way round: on below, off above. A value that is not finite changes nothing.
    """

    on: float
    off: float
    needed: int = 1
    count: int = 0
    is_on: bool = False

    def turns_on(self, value: float) -> bool:
        """Give it the next value; return whether that turns it on."""
        if not math.isfinite(value):
            return False
        sign = 1.0 if self.on >= self.off else -1.0
        if self.is_on:
            self.is_on = sign * value >= sign * self.off
            self.count = 0
            return False
        self.count = self.count + 1 if sign * value > sign * self.on else 0
        self.is_on = self.count >= self.needed
        return self.is_on
