"""Standing in for the forward of a network's parts, so as to show what comes by at each site."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

from torch import Tensor

from shiftscope.probes.structure import Call, Site

P = ParamSpec("P")
R = TypeVar("R")


_Slots = tuple[int, ...]


class Passage:
    """Shows each tensor that comes by a site: `show(slot, tensor)`, `slot` being the index of the site in `sites`.

    A part's input is shown before the part is called, which may write its output over it. `calls` are those of the
    explored pass, to which the sites refer.
    """

    def __init__(self, sites: Sequence[Site], calls: Sequence[Call], show: Callable[[int, Tensor], None]) -> None:
        self._show = show
        self._order = [index for index, _, _ in calls]
        self._slots: dict[tuple[int, int], _Slots] = {}
        for slot, site in enumerate(sites):
            for position in site.calls:
                end = (position, site.end)
                self._slots[end] = (*self._slots.get(end, ()), slot)
        self._turns: dict[int, int] = {}

    def begin(self) -> None:
        """Say that a forward pass begins."""
        self._turns.clear()

    def stand_in(self, part: int, forward: Callable[P, R]) -> Callable[P, R] | None:
        """Return what to call instead of a part's forward; None where it comes by no site."""
        ends = [
            (self._slots.get((position, 0), ()), self._slots.get((position, 1), ()))
            for position, index in enumerate(self._order)
            if index == part
        ]
        if not any(given or output for given, output in ends):
            return None
        return self._once(forward, *ends[0]) if len(ends) == 1 else self._several_times(part, forward, ends)

    def _once(self, forward: Callable[P, R], given_slots: _Slots, output_slots: _Slots) -> Callable[P, R]:
        show = self._show

        def passing(*arguments: P.args, **keywords: P.kwargs) -> R:
            if given_slots:
                given: Any = arguments[0] if arguments else next(iter(keywords.values()))
                for slot in given_slots:
                    show(slot, given)
            output: Any = forward(*arguments, **keywords)
            for slot in output_slots:
                show(slot, output)
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
            turn = turns.get(part, 0)
            turns[part] = turn + 1
            return (passings[turn] if turn < len(passings) else forward)(*arguments, **keywords)

        return passing
