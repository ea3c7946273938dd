"""What the scope itself costs, measured while it runs."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from math import nan

import numpy as np
from numpy.typing import NDArray

from shiftscope.engine.plan import Location, Plan, Quantity
from shiftscope.engine.program import SCOPE
from shiftscope.engine.streams import COST

MILLISECONDS = Quantity(
    "milliseconds", "ms", "time that a probe took, averaged over the training steps since the cost frame before; what "
    "is measured in passing is timed at the cost frame's own step",
    sites="a probe's name, scope (what is left: noting, sending), or total",
)  # fmt: skip
PERCENT = Quantity(
    "percent", "%", "the same over the time that the training thread spent on anything else", sites="as milliseconds"
)
QUANTITIES = (MILLISECONDS, PERCENT)

TOTAL = "total"
RESERVED = frozenset({SCOPE, TOTAL})
"""What is shown beside the probes, and so no probe's name."""


class OverheadMeter:
    """Adds up what is spent, in nanoseconds of the training thread: what a busy machine makes it wait does not count.

    What several probes need is charged to the one that requested it first.

    Attributes:
        timing: whether what is measured in passing is to be timed, piece by piece.
        inside: what was spent in measure() and step(), all in all.
        frames: steps at which something was measured in passing.
        steps: steps so far.
    """

    def __init__(self, probes: Sequence[str]) -> None:
        self._names = [*probes, SCOPE, TOTAL]
        self.timing = False
        self.reset()

    def reset(self) -> None:
        """Begin anew, with no step."""
        self._sites: dict[str, int] = defaultdict(int)
        self._passing: dict[str, int] = defaultdict(int)
        self._studies: dict[str, int] = defaultdict(int)
        self.inside = 0
        self.frames = 0
        self.steps = 0
        self._since = time.thread_time_ns()

    def lay_out(self, plan: Plan) -> None:
        """Lay out the entries."""
        for name in self._names:
            for quantity in QUANTITIES:
                plan.add(COST, quantity, Location(site=name))

    def site(self, probe: str, nanoseconds: int) -> None:
        """Add what a probe took at a site, within a forward or backward pass, if that is being timed."""
        if self.timing:
            self._sites[probe] += nanoseconds

    def passing(self, probe: str, nanoseconds: int) -> None:
        """Add what a probe took between the passes, if that is being timed."""
        if self.timing:
            self._passing[probe] += nanoseconds

    def study(self, probe: str, nanoseconds: int) -> None:
        """Add what a study took."""
        self._studies[probe] += nanoseconds

    def row(self) -> NDArray[np.float32]:
        """Return milliseconds and percent of each probe, of the scope and in all, and begin anew."""
        elapsed = time.thread_time_ns() - self._since
        spent = {name: float(self._studies[name] + self.frames * self._passing[name]) for name in self._names}
        spent[SCOPE] += max(0.0, self.inside - sum(spent.values()))
        for name, nanoseconds in self._sites.items():
            spent[name] += nanoseconds * self.frames
        spent[TOTAL] = sum(spent.values())
        # The first frame comes before any step is over: there is nothing yet that the cost could be a part of.
        rest = max(elapsed - spent[TOTAL], 1.0) if self.steps else nan
        steps = max(self.steps, 1)
        pairs = [(value / steps / 1e6, 100 * value / rest) for value in spent.values()]
        self.reset()
        return np.array(pairs, dtype=np.float32).reshape(-1)
