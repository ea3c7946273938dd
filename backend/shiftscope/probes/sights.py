"""The sites of one network: what is seen at each as a forward pass goes by.

Nothing is kept: values are taken in where they are made, hot in the cache, so that holding on to them neither grows
memory nor changes which memory the network's own tensors get.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from shiftscope.probes.bins import STRIDE
from shiftscope.probes.kernels import PICKED, STATE, squares
from shiftscope.probes.look import PICK, SIGHT, VECTOR, WANT, Want, look
from shiftscope.probes.memory import inner, readable
from shiftscope.probes.meter import Meter
from shiftscope.probes.normalizing import normalize
from shiftscope.probes.structure import STAGES, Call
from shiftscope.probes.wishes import Wish

MOST_PICKED = 1024
"""Most values of a single unit that are looked at in one pass."""

_NOTHING = torch.empty(0)


class Sights:
    """A slot for each site, and what was last seen there.

    Attributes:
        state: float64, shape (slots, STATE).
        fine: int32, shape (slots, STRIDE): fine histograms.
        vectors: float32: what was found by channel.
        picked: float64, shape (sites with single units, units, MOST_PICKED): values of single units.
        gradients: float64, shape (slots, 2): sum of squares, and count of what is not finite, of the gradients.
    """

    def __init__(self, wishes: Sequence[Wish], units: Sequence[int], meter: Meter) -> None:
        size = len(wishes)
        self._wishes = wishes
        self._meter = meter
        self._sights = np.zeros((size, SIGHT), dtype=np.int64)
        self._limits = np.array([wish.limits for wish in wishes], dtype=np.float64).reshape(size, 2)
        self._units = np.array(units, dtype=np.int64)
        end = picks = 0
        for slot, wish in enumerate(wishes):
            self._sights[slot] = wish.want, wish.channels, end, picks
            end += 2 * wish.channels if wish.want & Want.CHANNEL_MOMENTS else 0
            picks += bool(wish.want & Want.UNITS)
        self.state = np.zeros((size, STATE))
        self.fine = np.zeros((size, STRIDE), dtype=np.int32)
        self.vectors = np.zeros(end, dtype=np.float32)
        self.picked = np.zeros((picks, len(units), MOST_PICKED))
        self.gradients = np.zeros((size, 2))
        self._inner = [bool(wish.channels) and wish.axis == 1 for wish in wishes]
        self._pools: dict[int, list[Tensor]] = {s: [] for s, wish in enumerate(wishes) if len(wish.site.calls) > 1}
        self._normalizations = {s: n for s, wish in enumerate(wishes) if (n := wish.site.normalization) is not None}
        self._hooks = {slot: self._hook(slot) for slot, wish in enumerate(wishes) if wish.gradient}
        self._plain = not (self._pools or self._normalizations or self._hooks)
        self._seen: set[int] = set()

    def vector(self, slot: int) -> int:
        """Return where in `vectors` begins what is found by channel at a slot."""
        return int(self._sights[slot, VECTOR])

    def pick(self, slot: int) -> int:
        """Return which of `picked` is a slot's."""
        return int(self._sights[slot, PICK])

    def only(self, mask: int) -> None:
        """Look, from now on, for nothing but what is in the mask of Want."""
        self._sights[:, WANT] = [wish.want & mask for wish in self._wishes]

    def begin(self) -> None:
        """Say that a forward pass begins."""
        self._seen.clear()
        if not self._plain:
            self.gradients[:] = 0
            for pool in self._pools.values():
                pool.clear()

    def finish(self) -> None:
        """Say that what was seen is to be read: sites that the pass did not come by hold no values."""
        for slot, pool in self._pools.items():
            if pool:
                self._look(slot, _together(pool))
        if len(self._seen) < len(self._wishes):
            for slot in set(range(len(self._wishes))) - self._seen:
                self._look(slot, _NOTHING)

    def picked_count(self, slot: int) -> int:
        """Return how many values of each single unit there are at a slot."""
        return int(self.state[slot, PICKED])

    def see(self, calls: Sequence[Call], gradients: Mapping[tuple[int, int], Tensor]) -> None:
        """Look at the tensors of a pass that was kept, and at the gradients by them, by call and end."""
        self.begin()
        for slot, wish in enumerate(self._wishes):
            for position in wish.site.calls:
                _, given, output = calls[position]
                self.show(slot, output if wish.site.end else given)
                gradient = gradients.get((position, wish.site.end))
                if wish.gradient and gradient is not None:
                    self._hooks[slot](gradient)

    def show(self, slot: int, tensor: Tensor) -> None:
        """Look at a tensor that comes by a site."""
        if not self._plain:
            if slot in self._hooks and tensor.requires_grad:
                tensor.register_hook(self._hooks[slot])  # type: ignore[no-untyped-call]  # torch's
            if slot in self._normalizations:
                tensor = normalize(self._normalizations[slot], tensor.detach())
            if slot in self._pools:
                self._pools[slot].append(tensor.detach().clone())
                return
        self._look(slot, tensor)

    def _look(self, slot: int, tensor: Tensor) -> None:
        wide = False
        if not (tensor.dtype is torch.float32 and tensor.is_contiguous() and tensor.is_cpu):
            tensor = readable(tensor)
            wide = tensor.dtype is torch.float64
        there = (tensor.data_ptr(), tensor.numel(), wide, inner(tensor) if self._inner[slot] else 1)
        if self._meter.timing:
            self._look_piecewise(slot, there)
        else:
            look(
                self._sights, self._limits, self.state, self.fine, self.vectors, self._units, self.picked, slot, *there
            )  # fmt: skip
        self._seen.add(slot)

    def _look_piecewise(self, slot: int, there: tuple[int, int, bool, int]) -> None:
        """Do the same, each thing that is wanted by itself and timed."""
        wanted = Want(int(self._sights[slot, WANT]))
        for want in wanted:
            self._sights[slot, WANT] = want
            begin = time.perf_counter_ns()
            look(
                self._sights, self._limits, self.state, self.fine, self.vectors, self._units, self.picked, slot, *there
            )  # fmt: skip
            self._meter.look(want, time.perf_counter_ns() - begin, stages=self._wishes[slot].site.name in STAGES)
        self._sights[slot, WANT] = wanted

    def _hook(self, slot: int) -> Callable[[Tensor], None]:
        def take(gradient: Tensor) -> None:
            begin = time.perf_counter_ns()
            values = readable(gradient)
            total, wild = squares(values.data_ptr(), values.numel(), values.dtype is torch.float64)
            self.gradients[slot, 0] += total
            self.gradients[slot, 1] += wild
            if self._meter.timing:
                self._meter.gradient(time.perf_counter_ns() - begin)

        return take


def _together(tensors: Sequence[Tensor]) -> Tensor:
    """Join what several calls of one part passed: the layer's values are all of them."""
    alike = len({tensor.shape[1:] for tensor in tensors}) == 1
    return torch.cat(list(tensors)) if alike else torch.cat([tensor.reshape(-1) for tensor in tensors])
