"""Wrapping the forwards of a network's parts, so as to show an observer what passes each site."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, ParamSpec, Protocol, TypeVar

from torch import Tensor
from typing_extensions import override

from shiftscope.tracing.forward_patch import PassObserver
from shiftscope.tracing.layers import Site

P = ParamSpec("P")
R = TypeVar("R")

_Slots = tuple[int, ...]
Observe = Callable[[Tensor], None]


class SiteObserver(Protocol):
    """Who is shown what passes the sites; it knows a site by its slot."""

    def begin(self) -> None:
        """Begin to observe a forward pass."""

    def observer(self, slot: int) -> Observe:
        """Return what is called with each tensor that passes a site."""

    def observer_of_both(self, given: int, output: int) -> Callable[[Tensor, Tensor], None]:
        """Return what is called with a part's input and output, after its call."""


class PassWrappers(PassObserver):
    """Shows each tensor that passes a site to an observer.

    A part's input is shown before the part is called if that writes over it.

    Args:
        sites: by slot.
        order: the index of the part of each call of the explored pass, to which the sites refer.
        overwriting: parts that write over their input.
        observer: who is shown them.
    """

    def __init__(
        self, sites: Sequence[Site], order: Sequence[int], overwriting: Collection[int], observer: SiteObserver
    ) -> None:
        self._observer = observer
        self._overwriting = overwriting
        self._order = order
        self._slots: dict[tuple[int, int], _Slots] = {}
        for slot, site in enumerate(sites):
            for position in site.calls:
                end = (position, site.end)
                self._slots[end] = (*self._slots.get(end, ()), slot)
        self._turns: dict[int, int] = {}
        self._under_way = False

    @override
    def begin(self) -> None:
        self._turns.clear()
        self._under_way = True
        self._observer.begin()

    @override
    def end(self) -> None:
        self._under_way = False

    @override
    def wrap(self, part: int, forward: Callable[P, R]) -> Callable[P, R] | None:
        ends = [
            (self._slots.get((position, 0), ()), self._slots.get((position, 1), ()))
            for position, index in enumerate(self._order)
            if index == part
        ]
        if not any(given or output for given, output in ends):
            return None
        if len(ends) > 1:
            return self._several_times(part, forward, ends)
        given_slots, output_slots = ends[0]
        if len(given_slots) == len(output_slots) == 1 and part not in self._overwriting:
            return self._once_at_both_ends(forward, given_slots[0], output_slots[0])
        return self._once(forward, given_slots, output_slots)

    def _once_at_both_ends(self, forward: Callable[P, R], given_slot: int, output_slot: int) -> Callable[P, R]:
        observe = self._observer.observer_of_both(given_slot, output_slot)

        def wrapped(*arguments: P.args, **keywords: P.kwargs) -> R:
            output: Any = forward(*arguments, **keywords)
            if not self._under_way:
                unobserved: R = output
                return unobserved
            given: Any = arguments[0] if arguments else next(iter(keywords.values()))
            observe(given, output)
            returned: R = output
            return returned

        return wrapped

    def _once(self, forward: Callable[P, R], given_slots: _Slots, output_slots: _Slots) -> Callable[P, R]:
        observers_of_given = [self._observer.observer(slot) for slot in given_slots]
        observers_of_output = [self._observer.observer(slot) for slot in output_slots]

        def wrapped(*arguments: P.args, **keywords: P.kwargs) -> R:
            if not self._under_way:
                return forward(*arguments, **keywords)
            if observers_of_given:
                given: Any = arguments[0] if arguments else next(iter(keywords.values()))
                for observe in observers_of_given:
                    observe(given)
            output: Any = forward(*arguments, **keywords)
            for observe in observers_of_output:
                observe(output)
            returned: R = output
            return returned

        return wrapped

    def _several_times(
        self, part: int, forward: Callable[P, R], ends: Sequence[tuple[_Slots, _Slots]]
    ) -> Callable[P, R]:
        """Wrap a part that is called several times in a pass, for one layer or for several."""
        turns = self._turns
        each = [self._once(forward, *end) for end in ends]

        def wrapped(*arguments: P.args, **keywords: P.kwargs) -> R:
            if not self._under_way:
                return forward(*arguments, **keywords)
            turn = turns.get(part, 0)
            turns[part] = turn + 1
            return (each[turn] if turn < len(each) else forward)(*arguments, **keywords)

        return wrapped
