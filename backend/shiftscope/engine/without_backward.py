"""Networks that are trained without backward passes: by evolution, by torch.func, by differences.

No gradient tells then which passes an update is made of. All since the last one are, those without a graph too: these
are seen once it is known that a network is trained so, from its second step on.
"""

from __future__ import annotations

from torch import nn

from shiftscope.tracing.journal import Confirmed
from shiftscope.tracing.thrown_away import GradientWatch
from shiftscope.tracing.tracer import Tracer


class WithoutBackward:
    """Finds out whether a network is trained without backward passes.

    Args:
        network: that is watched.
        tracer: of it.
        gradients: of it.
    """

    def __init__(self, network: nn.Module, tracer: Tracer, gradients: GradientWatch) -> None:
        self._network, self._tracer, self._gradients = network, tracer, gradients
        self._idle_before = 0
        self._called = False

    def announced(self) -> bool:
        """Return, as somebody makes an update known, whether it is one without gradients of which passes were seen."""
        if self._tracer.journal.last_backward >= 0 or self._gradients.fresh():
            return False
        self._tracer.see_all(wanted=True)
        return self._tracer.journal.any_call

    def tries(self) -> bool:
        """Return, as a pass begins, whether parameters may move without an update.

        They may before the first pass; and where passes were seen and none went backward, as they are tried out then.
        """
        tracer = self._tracer
        first, self._called = not (self._called or tracer.passes or tracer.journal.calls), True
        if first:
            return True
        gone_back = tracer.journal.last_backward >= 0 or tracer.hides_parts
        return tracer.journal.any_call and not gone_back and not self._gradients.fresh()

    def updated(self) -> None:
        """Take note of an update: its gradients may be somebody's own, as of one that found them by evolution."""
        idle, self._idle_before = self._tracer.idle_passes > self._idle_before, self._tracer.idle_passes
        if idle and self._network.training and self._tracer.journal.last_backward < 0:
            self._tracer.see_all(wanted=True)

    def passed(self, confirmed: Confirmed) -> Confirmed:
        """Return the calls that an update is made of: those given, but for a network that is trained so."""
        if not self._tracer.sees_all:
            return confirmed
        if self._tracer.journal.last_backward >= 0:  # it is not, after all
            self._tracer.see_all(wanted=False)
            return confirmed
        return self._tracer.journal.passed()
