"""When a network is explored: at its first step, and again where it has other layers, or some that never ran before."""

from __future__ import annotations

from collections.abc import Callable, Collection

from torch import Tensor
from typing_extensions import override

from shiftscope.tracing.explorer import NOTHING_KNOWN, Exploration, Explorer, Known
from shiftscope.tracing.journal import Call
from shiftscope.tracing.tracer import Given, Output, PartObserver, Tracer

MOST_GROWTHS = 4
"""Times that new layers are given a place; a network that grows at every step is recorded as it was then."""
MOST_EXPLORED = 16
"""Times that a network is explored because a layer ran that had not run before."""
CURIOUS = 200
"""Recorded steps for which layers that have not run yet are waited for: some never do."""


class Exploring:
    """Which steps of a network are explored.

    Args:
        tracer: of the network.
        gradients: whether the gradients by activations are kept.
        may_grow: whether there is room for other layers; where there is none, the network is recorded as it was.

    Attributes:
        explorer: that is shown what passes, while a step is explored.
        done: whether the explored step was recorded, so that it need not be explored any more.
        unexplored: cores of layers that have not run so far.
    """

    def __init__(self, tracer: Tracer, *, gradients: bool, may_grow: Callable[[], bool]) -> None:
        self._tracer, self._gradients, self._may_grow = tracer, gradients, may_grow
        self.explorer: Explorer | None = Explorer(tracer.parts, gradients=gradients)
        self.done = False
        self.unexplored: frozenset[int] = frozenset()
        self._known: Known = NOTHING_KNOWN
        self._growths, self._explored, self._curious = 0, 0, CURIOUS
        self._appeared = self._waits = False

    def result(self, calls: Collection[Call]) -> Exploration:
        """Return what the step showed whose update these calls are."""
        explorer = self.explorer or Explorer(self._tracer.parts, known=self._known)
        found = explorer.result(calls)
        self._known, self.unexplored, self.done = found.known, found.unexplored, True
        return found

    def grow(self) -> bool:
        """Begin to explore the network again where it has other layers; return whether it has."""
        if self._growths >= MOST_GROWTHS or not self._may_grow() or not self._tracer.grow():
            return False
        self._growths += 1
        self._begin()
        return True

    def note(self, calls: Collection[Call]) -> None:
        """Take note of the calls of a recorded step: where a layer ran first that others follow, it is explored."""
        if self.curious:
            self._curious -= 1
            self._appeared |= any(call.layer in self.unexplored and call.followed for call in calls)

    def appear(self) -> None:
        """Explore the next step: layers can be seen that could not so far."""
        self._appeared = True

    @property
    def curious(self) -> bool:
        """Whether it matters what follows layers that have not run so far."""
        return bool(self.unexplored) and self._curious > 0 and self._explored < MOST_EXPLORED

    def end_step(self) -> bool:
        """Begin anew, after an update; return whether layers are explored or waited for no more, or explored anew."""
        if self.explorer is not None:
            self.explorer.forget()
        ended, self.done = self.done and self.explorer is not None, False
        if ended:
            self.explorer = None
        if self._appeared and self.explorer is None:
            if self._may_grow():
                self._explored += 1
                self._begin()
                return True
            self._appeared, self._curious = False, 0
        waited, self._waits = self._waits, self.curious
        return ended or (waited and not self._waits)

    def forget(self) -> None:
        """Let go of all tensors."""
        if self.explorer is not None:
            self.explorer.forget()

    def _begin(self) -> None:
        self.forget()
        self._appeared = self.done = False
        self.explorer = Explorer(self._tracer.parts, gradients=self._gradients, known=self._known)


class Curious(PartObserver):
    """Shows what passes to another observer, and lets it be noticed which parts follow layers that are not explored."""

    def __init__(self, observer: PartObserver) -> None:
        self._observer = observer

    @override
    def before(self, part: int) -> Given | None:
        return self._observer.before(part)

    @override
    def after(self, part: int) -> Output | None:
        return self._observer.after(part) or _nothing


def _nothing(_call: Call, _given: Tensor, _output: Tensor) -> None:
    """Want nothing of a part but that its calls are noticed."""
