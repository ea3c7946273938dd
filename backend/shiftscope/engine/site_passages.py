"""What passed the sites of one network since the last update, call by call."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from shiftscope.engine.program import Observer, SiteRequest
from shiftscope.engine.slot_memory import NOTHING_SEEN, SlotMemory
from shiftscope.engine.staging import Found
from shiftscope.kernels.fused_pass import Statistic
from shiftscope.kernels.merging import merge_channels, merge_states, merge_units
from shiftscope.kernels.moments import PICKED
from shiftscope.tracing.journal import MOST_UNREACHED, Call

MEMORY = 1 << 26
"""Bytes that what is put aside may take; of more, the oldest is let go."""

_Observed = tuple[Observer, NDArray[np.float32]]
Kept = tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.float32], NDArray[np.float64]]
"""State, fine histogram, statistics by channel and values of single units."""


class Passage(NamedTuple):
    """What was found when one call passed a site, put aside.

    Attributes:
        call: of the layer.
        size: how many values passed.
        observed: what functions of the values returned.
        kept: the numbers, or what was found on a device.
    """

    call: Call
    size: int
    observed: list[_Observed]
    kept: Kept | Found


class Passages:
    """The calls that have passed each slot since the last update; the slots themselves hold the last one's numbers.

    Attributes:
        elsewhere: whether anything has passed on a device, whose numbers are there.
        lost: whether a device had no room for some of it, so that nothing is known of what passes until the update.
        gradients_elsewhere: of gradients by what calls passed on a device, sum of squares and count of not finite.
    """

    def __init__(self, slots: SlotMemory, requests: Sequence[SiteRequest]) -> None:
        self._slots = slots
        self._requests = requests
        self._latest: list[Call | None] = [None] * len(requests)
        self._counts = [0] * len(requests)
        self._values: dict[int, list[_Observed]] = {}
        self._found: dict[int, Found] = {}
        self.elsewhere = self.lost = False
        self.gradients_elsewhere: list[tuple[int, Call, Tensor]] = []
        self._earlier: dict[int, list[Passage]] = {}
        self._gradients: dict[tuple[int, Call], tuple[float, float]] = {}
        self._observed = {slot for slot, request in enumerate(requests) if request.observers}
        self._with_gradients = any(request.gradient for request in requests)
        self._units = [bool(request.all_statistics() & Statistic.UNITS) for request in requests]
        self._most = max(16, MEMORY // (len(requests) * 8192 or 1))

    def clear(self) -> None:
        """Begin anew, after an update."""
        self._latest = [None] * len(self._latest)
        if self._values:
            self._values.clear()
        if self._earlier:
            self._earlier.clear()
        if self._gradients:
            self._gradients.clear()
        if self.elsewhere:
            self.elsewhere = self.lost = False
            self._found.clear()
            self.gradients_elsewhere.clear()

    def enter(self, slot: int, call: Call, count: int) -> None:
        """Note that a call passes a slot with so many values, whose numbers are about to be written."""
        if self._latest[slot] is not None:
            self._put_aside(slot)
        self._latest[slot] = call
        self._counts[slot] = count

    def enter_found(self, slot: int, call: Call, found: Found) -> None:
        """Note that a call has passed a slot on a device, and what was found there."""
        self.enter(slot, call, found.size)
        self._found[slot], self.elsewhere = found, True

    def lose(self) -> None:
        """Let go of all that has passed on devices, which have no room."""
        self.clear()
        self.elsewhere = self.lost = True

    def observed(self, slot: int, observer: Observer, value: NDArray[np.float32]) -> None:
        """Note what a function of the values that passed a slot last has returned."""
        self._values.setdefault(slot, []).append((observer, value))

    def enter_gradient(self, slot: int, call: Call, squares: float, not_finite: float) -> None:
        """Add the sum of squares of a gradient by what a call passed, and how many of its values are not finite."""
        before = self._gradients.get((slot, call), (0.0, 0.0))
        self._gradients[slot, call] = before[0] + squares, before[1] + not_finite

    def enter_gradient_found(self, slot: int, call: Call, squares: Tensor) -> None:
        """Note the same of a gradient on a device, as a tensor of the two."""
        self.gradients_elsewhere.append((slot, call, squares))
        self.elsewhere = True

    def add_gradients(self, confirmed: Collection[Call], out: NDArray[np.float64], scale: float) -> None:
        """Write the sums over the calls that count, by slot, of a gradient that is `scale` times what it should be."""
        if self._with_gradients:
            out[:] = 0.0
        for (slot, call), (total, wild) in self._gradients.items():
            if call in confirmed:
                out[slot, 0] += total / (scale * scale)
                out[slot, 1] += wild

    def settle(self, confirmed: Collection[Call]) -> None:
        """Make each slot's numbers those of all calls that count; may be done again as more calls come."""
        for slot, latest in enumerate(self._latest):
            if latest in confirmed and not self._earlier.get(slot):
                if slot in self._observed:
                    self._write_observed(slot, [(self._values.get(slot, []), self._counts[slot])])
                continue
            if latest is not None:
                self._put_aside(slot)
            passed = [one for one in self._earlier.get(slot, ()) if one.call in confirmed]
            self._write(slot, passed)
            self._write_observed(slot, [(one.observed, one.size) for one in passed])

    def gradients_of(self, confirmed: Collection[Call]) -> list[tuple[int, tuple[float, float]]]:
        """Return what was entered of gradients by what the calls that count passed, each with its slot."""
        return [(slot, found) for (slot, call), found in self._gradients.items() if call in confirmed]

    def take(self, confirmed: Collection[Call]) -> list[list[Passage]]:
        """Return, for each slot, the passages of the calls that count; may be done again as more calls come."""
        for slot in range(len(self._latest)):
            self._put_aside(slot)
        return [
            [one for one in self._earlier.get(slot, ()) if one.call in confirmed] for slot in range(len(self._latest))
        ]

    def write_observed(self, slot: int, passed: Sequence[Passage]) -> None:
        """Let the numbers of a slot's functions be those of these passages."""
        self._write_observed(slot, [(one.observed, one.size) for one in passed])

    def _put_aside(self, slot: int) -> None:
        latest, slots = self._latest[slot], self._slots
        if latest is None:
            return
        observed = self._values.pop(slot, [])
        kept = self._found.pop(slot, None) or kept_of(slots, slot, units=self._units[slot])
        earlier = self._earlier.setdefault(slot, [])
        earlier.append(Passage(latest, self._counts[slot], observed, kept))
        if len(earlier) > MOST_UNREACHED:
            # Of a pass that no backward pass went through nothing will be wanted; else the oldest is let go.
            unwanted = next((index for index, one in enumerate(earlier) if _is_unreached(one.call)), None)
            if unwanted is not None or len(earlier) > self._most:
                del earlier[unwanted or 0]
        self._latest[slot] = None

    def _write(self, slot: int, passed: Sequence[Passage]) -> None:
        """Write the numbers of several passages, or of none, into a slot."""
        kept = [(one.kept, one.size) for one in passed if not isinstance(one.kept, Found)]
        write_joined(self._slots, slot, kept, units=self._units[slot])

    def _write_observed(self, slot: int, passed: Sequence[tuple[list[_Observed], int]]) -> None:
        """Let each function's numbers be the mean over the passages, weighted by how many values passed."""
        for one in self._requests[slot].observers:
            found = [(value, count) for observed, count in passed for observer, value in observed if observer is one]
            one.latest[:] = _mean(found) if found else np.nan


def kept_of(slots: SlotMemory, slot: int, *, units: bool) -> Kept:
    """Return a copy of the numbers of a slot."""
    picked = slots.picked[slots.pick(slot)].copy() if units else np.empty((0, 0))
    return slots.state[slot].copy(), slots.fine[slot].copy(), slots.vector_of(slot).copy(), picked


def write_joined(slots: SlotMemory, slot: int, passed: Sequence[tuple[Kept, int]], *, units: bool) -> None:
    """Write the numbers of several passages, each of so many values, or of none, into a slot."""
    if not passed:
        slots.state[slot] = NOTHING_SEEN
        slots.vector_of(slot)[:] = np.nan
        return
    states, fines, vectors, picks = (list(parts) for parts in zip(*(kept for kept, _ in passed), strict=True))
    merge_states(np.stack(states), np.stack(fines), slots.state[slot], slots.fine[slot])
    if vectors[0].size:
        merge_channels(np.stack(vectors), np.array([float(size) for _, size in passed]), slots.vector_of(slot))
    if units:
        counts = np.array([state[PICKED] for state in states])
        slots.state[slot, PICKED] = merge_units(np.stack(picks), counts, slots.picked[slots.pick(slot)])


def _is_unreached(call: Call) -> bool:
    return call.within is not None and not call.within.reached


def _mean(found: Sequence[tuple[NDArray[np.float32], int]]) -> NDArray[np.float32]:
    if len(found) == 1:
        return found[0][0]
    total = sum(count for _, count in found) or 1
    mean: NDArray[np.float32] = np.sum([value * (count / total) for value, count in found], axis=0, dtype=np.float32)
    return mean
