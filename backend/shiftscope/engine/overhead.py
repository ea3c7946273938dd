"""What the scope itself costs, measured while it runs."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from math import nan

import numpy as np
from numpy.typing import NDArray

from shiftscope.engine.plan import Plan, Quantity, Spot
from shiftscope.engine.streams import Stream
from shiftscope.kernels.fused_pass import Statistic
from shiftscope.kernels.interpreter import Operation

MILLISECONDS = Quantity(
    "milliseconds", "ms", "time that a probe took, averaged over the training steps since the cost frame before; what "
    "is measured in passing is timed at the cost frame's own step",
    sites="a probe's name, scope (what is left: noting, sending), or total",
)  # fmt: skip
PERCENT = Quantity(
    "percent", "%", "the same over the time that the training thread spent on anything else", sites="as milliseconds"
)
QUANTITIES = (MILLISECONDS, PERCENT)

_OF_STATISTIC = {
    Statistic.MOMENTS: ("moments",),
    Statistic.BINS: ("histograms", "quantiles"),
    Statistic.CHANNEL_MOMENTS: ("batch_statistics",),
    Statistic.ZEROS: ("activity",),
    Statistic.BEYOND: ("activity",),
    Statistic.UNITS: ("units", "unit_histograms"),
}
_OF_OPERATION = {
    Operation.SQUARES: ("gradient_norms",),
    Operation.WRITE_MOMENTS: ("moments",),
    Operation.WRITE_NOT_FINITE: ("not_finite",),
    Operation.WRITE_HISTOGRAM: ("histograms",),
    Operation.WRITE_QUANTILES: ("quantiles",),
    Operation.WRITE_FRACTION: ("activity",),
    Operation.WRITE_GRADIENT: ("activation_gradients",),
    Operation.WRITE_NORM: ("gradient_norms",),
    Operation.WRITE_VECTOR: ("batch_statistics",),
    Operation.COPY: ("affine", "batch_statistics"),
    Operation.GAP: ("batch_statistics",),
}
SCOPE, TOTAL = "scope", "total"


class OverheadMeter:
    """Adds up what is spent, in nanoseconds of the training thread: what a busy machine makes it wait does not count.

    Attributes:
        timing: whether what is measured in passing is being timed, piece by piece.
        inside: what was spent in measure() and step(), all in all.
        frames: steps at which something was measured in passing.
        steps: steps so far.
    """

    def __init__(self, probes: Sequence[str]) -> None:
        self._names = [*probes, SCOPE, TOTAL]
        self.timing = False
        self._sites: dict[str, int] = defaultdict(int)
        self._passing: dict[str, int] = defaultdict(int)
        self.reset()

    def reset(self) -> None:
        """Begin anew, with no step."""
        self._studies: dict[str, int] = defaultdict(int)
        self.inside = 0
        self.frames = 0
        self.steps = 0
        self._since = time.thread_time_ns()

    def lay(self, plan: Plan) -> None:
        """Lay out the entries."""
        for name in self._names:
            for quantity in QUANTITIES:
                plan.add(Stream.COST, quantity, Spot(site=name))

    def time_pieces(self, *, on: bool) -> None:
        """Time what is measured in passing, piece by piece, or stop doing so."""
        self.timing = on
        if on:
            self._sites.clear()
            self._passing.clear()

    def statistic(self, statistic: Statistic, nanoseconds: int, *, stages: bool) -> None:
        """Add what one statistic of a site's values took."""
        self._sites["stages" if stages else self._first(_OF_STATISTIC[statistic])] += nanoseconds

    def gradient(self, nanoseconds: int) -> None:
        """Add what the norm of the gradient by a site's values took."""
        self._sites["activation_gradients"] += nanoseconds

    def operation(self, operation: Operation, nanoseconds: int) -> None:
        """Add what operations of one kind took."""
        self._passing[self._first(_OF_OPERATION.get(operation, (SCOPE,)))] += nanoseconds

    def passing(self, probe: str, nanoseconds: int) -> None:
        """Add what a probe took in passing, if that is being timed."""
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

    def _first(self, names: tuple[str, ...]) -> str:
        return next((name for name in names if name in self._names), SCOPE)
