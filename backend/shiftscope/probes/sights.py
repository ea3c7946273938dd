"""The sites of one network: what is seen at each as a forward pass goes by.

Nothing is kept: values are taken in where they are made, hot in the cache, so that holding on to them neither grows
memory nor changes which memory the network's own tensors get.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar

import numpy as np
import torch
from torch import Tensor

from shiftscope.probes.bins import STRIDE
from shiftscope.probes.kernels import STATE
from shiftscope.probes.look import CHANNELS, SIGHT, VECTOR, WANT, Want, look
from shiftscope.probes.memory import inner, readable
from shiftscope.probes.structure import Call, Site

P = ParamSpec("P")
R = TypeVar("R")

_NOWHERE = -1
_NOTHING = torch.empty(0)


class Sights:
    """Slots for sites, and what was last seen at each.

    Attributes:
        state: float64, shape (slots, STATE).
        fine: int32, shape (slots, STRIDE): fine histograms.
        vectors: float32: what was found by channel.
    """

    def __init__(self, sites: Sequence[Site], wanted: Sequence[Want], channels: Mapping[int, int]) -> None:
        size = len(sites)
        self._sites = sites
        self._sights = np.zeros((size, SIGHT), dtype=np.int64)
        self._sights[:, WANT] = wanted
        end = 0
        for slot, count in channels.items():
            self._sights[slot, CHANNELS], self._sights[slot, VECTOR] = count, end
            end += 2 * count
        self.state = np.zeros((size, STATE))
        self.fine = np.zeros((size, STRIDE), dtype=np.int32)
        self.vectors = np.zeros(end, dtype=np.float32)
        self._by_channel = frozenset(channels)
        self._pools: dict[int, list[Tensor]] = {slot: [] for slot, site in enumerate(sites) if len(site.calls) > 1}
        self._seen: set[int] = set()
        self._turns: dict[object, int] = {}

    def vector(self, slot: int) -> int:
        """Return where in `vectors` begins what is found by channel at a slot."""
        return int(self._sights[slot, VECTOR])

    def recorder(self, calls: Sequence[Call], part: int, forward: Callable[P, R]) -> Callable[P, R] | None:
        """Return a stand-in for a part's forward that looks at what passes; None where there is nothing to look at.

        `calls` are those of the discovered pass, to which the sites refer.
        """
        slots = {(position, site.end): slot for slot, site in enumerate(self._sites) for position in site.calls}
        ends = [
            (slots.get((position, 0), _NOWHERE), slots.get((position, 1), _NOWHERE))
            for position, call in enumerate(calls)
            if call[0] == part
        ]
        if all(end == (_NOWHERE, _NOWHERE) for end in ends):
            return None
        return self._once(forward, *ends[0]) if len(ends) == 1 else self._several_times(forward, ends)

    def begin(self) -> None:
        """Say that a forward pass begins."""
        self._seen.clear()
        self._turns.clear()
        for pool in self._pools.values():
            pool.clear()

    def finish(self) -> None:
        """Say that what was seen is to be read: sites that the pass did not come by hold no values."""
        for slot, pool in self._pools.items():
            if pool:
                self._look(slot, torch.cat([tensor.reshape(-1) for tensor in pool]))
        if len(self._seen) < len(self._sites):
            for slot in set(range(len(self._sites))) - self._seen:
                self._look(slot, _NOTHING)

    def see(self, calls: Sequence[Call]) -> None:
        """Look at the tensors of a pass that was kept."""
        self.begin()
        for slot, site in enumerate(self._sites):
            for position in site.calls:
                _, given, output = calls[position]
                self._note(slot, output if site.end else given)

    def _once(self, forward: Callable[P, R], given_slot: int, output_slot: int) -> Callable[P, R]:
        note = self._note

        def passing(*arguments: P.args, **keywords: P.kwargs) -> R:
            # What is given is looked at before: the part may write its output over it.
            if given_slot >= 0:
                given: Any = arguments[0] if arguments else next(iter(keywords.values()))
                note(given_slot, given)
            output: Any = forward(*arguments, **keywords)
            if output_slot >= 0:
                note(output_slot, output)
            returned: R = output
            return returned

        return passing

    def _several_times(self, forward: Callable[P, R], ends: Sequence[tuple[int, int]]) -> Callable[P, R]:
        """Stand in for a part that is called several times in a pass, for one layer or for several."""
        turns, note = self._turns, self._note
        turn_of = object()

        def passing(*arguments: P.args, **keywords: P.kwargs) -> R:
            turn = turns.get(turn_of, 0)
            turns[turn_of] = turn + 1
            given_slot, output_slot = ends[turn] if turn < len(ends) else (_NOWHERE, _NOWHERE)
            if given_slot >= 0:
                given: Any = arguments[0] if arguments else next(iter(keywords.values()))
                note(given_slot, given)
            output: Any = forward(*arguments, **keywords)
            if output_slot >= 0:
                note(output_slot, output)
            returned: R = output
            return returned

        return passing

    def _note(self, slot: int, tensor: Tensor) -> None:
        if slot in self._pools:
            self._pools[slot].append(tensor.detach().clone())
        else:
            self._look(slot, tensor)

    def _look(self, slot: int, tensor: Tensor) -> None:
        wide = False
        if not (tensor.dtype is torch.float32 and tensor.is_contiguous() and tensor.is_cpu):
            tensor = readable(tensor)
            wide = tensor.dtype is torch.float64
        look(
            self._sights, self.state, self.fine, self.vectors,
            slot, tensor.data_ptr(), tensor.numel(), wide, inner(tensor) if slot in self._by_channel else 1,
        )  # fmt: skip
        self._seen.add(slot)
