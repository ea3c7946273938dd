"""Standing in for the forward of a network's parts, so as to show what comes by at each site."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, ParamSpec, Protocol, TypeVar

from torch import Tensor

from shiftscope.tracing.layers import Call, Site

P = ParamSpec("P")
R = TypeVar("R")

_Slots = tuple[int, ...]
Show = Callable[[Tensor], None]


class SiteObserver(Protocol):
    """Who is shown what comes by."""

    def show(self, slot: int) -> Show:
        """Return what is to be called with a tensor that comes by a site, the slot-th."""

    def show_both(self, given: int, output: int) -> Callable[[Tensor, Tensor], None]:
        """Return what is to be called with a part's input and output, after its call."""


class PassWrappers:
    """Shows each tensor that comes by a site to a viewer, who knows the site by its index in `sites`.

    A part's input is shown before the part is called if that writes over it. `calls` are those of the explored pass,
    to which the sites refer; `overwriting` names the parts that write over their input.
    """

    def __init__(
        self, sites: Sequence[Site], calls: Sequence[Call], overwriting: Collection[int], viewer: SiteObserver
    ) -> None:
        self._viewer = viewer
        self._overwriting = overwriting
        self._order = [index for index, _, _ in calls]
        self._slots: dict[tuple[int, int], _Slots] = {}
        for slot, site in enumerate(sites):
            for position in site.calls:
                end = (position, site.end)
                self._slots[end] = (*self._slots.get(end, ()), slot)
        self._turns: dict[int, int] = {}
        self._under_way = False

    def begin(self) -> None:
        """Say that a forward pass begins, and that what comes by is to be shown."""
        self._turns.clear()
        self._under_way = True

    def end(self) -> None:
        """Say that it is over: until the next one the stand-ins do what the forwards do."""
        self._under_way = False

    def stand_in(self, part: int, forward: Callable[P, R]) -> Callable[P, R] | None:
        """Return what to call instead of a part's forward; None where it comes by no site."""
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
        show = self._viewer.show_both(given_slot, output_slot)

        def passing(*arguments: P.args, **keywords: P.kwargs) -> R:
            output: Any = forward(*arguments, **keywords)
            if not self._under_way:
                unseen: R = output
                return unseen
            given: Any = arguments[0] if arguments else next(iter(keywords.values()))
            show(given, output)
            returned: R = output
            return returned

        return passing

    def _once(self, forward: Callable[P, R], given_slots: _Slots, output_slots: _Slots) -> Callable[P, R]:
        show_given = [self._viewer.show(slot) for slot in given_slots]
        show_output = [self._viewer.show(slot) for slot in output_slots]

        def passing(*arguments: P.args, **keywords: P.kwargs) -> R:
            if not self._under_way:
                return forward(*arguments, **keywords)
            if show_given:
                given: Any = arguments[0] if arguments else next(iter(keywords.values()))
                for show in show_given:
                    show(given)
            output: Any = forward(*arguments, **keywords)
            for show in show_output:
                show(output)
            returned: R = output
            return returned

        return passing

    def _several_times(
        self, part: int, forward: Callable[P, R], ends: Sequence[tuple[_Slots, _Slots]]
    ) -> Callable[P, R]:
        """Stand in for a part that is called several times in a pass, for one layer or for several."""
        turns = self._turns
        passings = [self._once(forward, *end) for end in ends]

        def passing(*arguments: P.args, **keywords: P.kwargs) -> R:
            if not self._under_way:
                return forward(*arguments, **keywords)
            turn = turns.get(part, 0)
            turns[part] = turn + 1
            return (passings[turn] if turn < len(passings) else forward)(*arguments, **keywords)

        return passing
