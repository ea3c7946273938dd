"""Which layers of a network ran at a step, as the calls show that its update is made of."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from shiftscope.engine.revisions import ALL_THERE, Absence
from shiftscope.tracing.journal import Call
from shiftscope.tracing.layers import Layer

_MOST = 1024
"""Sets of layers that are remembered."""


class Presence:
    """Tells the layers that ran from those that did not.

    Args:
        layers: of the network.
        unexplored: cores of those that had not run when the network was explored. What follows them is not known: what
            they give out may not be their layer's output.

    Attributes:
        nothing: that no layer ran.
    """

    def __init__(self, layers: Sequence[Layer], unexplored: frozenset[int]) -> None:
        self._unexplored = unexplored
        self._names = {layer.core.index: layer.name for layer in layers}
        self._cores = frozenset(self._names)
        self._sites = {layer.core.index: [site.name for site in layer.sites] for layer in layers}
        # Calls of functions may not be seen, where another library observes them too: their gradients tell more.
        self._functions = {layer.core.index for layer in layers if layer.core.function}
        self._known: dict[tuple[frozenset[int], frozenset[int]], Absence] = {}
        self.nothing = Absence(frozenset(self._names.values()))

    def absent(self, calls: Collection[Call], has_gradient: Callable[[int], bool]) -> Absence:
        """Return what was not seen at a step. Without any call, gradients are all that is known.

        Args:
            calls: that the update is made of.
            has_gradient: whether the update uses a gradient of a layer, by the index of its core: also of one that ran
                in passes before, for which an earlier update of another optimizer had no use.
        """
        ran = {call.layer for call in calls}
        missing = self._cores - ran
        unclear = self._unclear(calls) if self._unexplored else frozenset()
        if not (missing or unclear):
            return ALL_THERE
        whole = frozenset(one for one in missing - self._functions if not has_gradient(one)) if ran else frozenset()
        return self._absence(whole, (missing - whole) | unclear)

    def _absence(self, whole: frozenset[int], values: frozenset[int]) -> Absence:
        known = self._known.get((whole, values))
        if known is None:
            names = self._names
            sites = frozenset((names[one], site) for one in values for site in self._sites[one])
            known = Absence(frozenset(names[one] for one in whole), sites)
            if len(self._known) < _MOST:
                self._known[whole, values] = known
        return known

    def _unclear(self, calls: Collection[Call]) -> frozenset[int]:
        """Return the layers that run for the first time, and whose cores something follows."""
        return frozenset(call.layer for call in calls if call.layer in self._unexplored and call.followed)
