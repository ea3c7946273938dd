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

from shiftscope.engine.overhead import OverheadMeter
from shiftscope.engine.program import SiteRequest
from shiftscope.kernels.fused_pass import (
    DIRECTORY,
    MOST_PICKED,
    PICK,
    REQUESTED,
    SLOT_COLUMNS,
    VECTOR,
    Statistic,
    pass_over,
    pass_over_both,
)
from shiftscope.kernels.histogram import STRIDE
from shiftscope.kernels.moments import COUNT, FINITE, INFINITIES, NANS, PICKED, STATE, squares
from shiftscope.kernels.tensor_memory import inner, readable
from shiftscope.tracing.layers import STAGES, Call
from shiftscope.tracing.normalize import normalize


class SiteSlots:
    """A slot for each site, and what was last seen there.

    Attributes:
        state: float64, shape (slots, STATE).
        fine: int32, shape (slots, STRIDE): fine histograms.
        vectors: float32: what was found by channel.
        picked: float64, shape (sites with single units, units, MOST_PICKED): values of single units.
        gradients: float64, shape (slots, 2): sum of squares, and count of what is not finite, of the gradients.
        forgotten: whether what was last seen was read, and compiled code has made all as it is before a pass.
    """

    def __init__(self, requests: Sequence[SiteRequest], units: Sequence[int], meter: OverheadMeter) -> None:
        size = len(requests)
        self._requests = requests
        self._meter = meter
        self._slots = np.zeros((size, SLOT_COLUMNS), dtype=np.int64)
        self._limits = np.array([request.limits for request in requests], dtype=np.float64).reshape(size, 2)
        self._units = np.array(units, dtype=np.int64)
        end = picks = 0
        for slot, request in enumerate(requests):
            self._slots[slot] = request.statistics, request.channels, end, picks
            end += 2 * request.channels if request.statistics & Statistic.CHANNEL_MOMENTS else 0
            picks += bool(request.statistics & Statistic.UNITS)
        self.state = np.zeros((size, STATE))
        self.fine = np.zeros((size, STRIDE), dtype=np.int32)
        self.vectors = np.zeros(end, dtype=np.float32)
        self.picked = np.zeros((picks, len(units), MOST_PICKED))
        self.gradients = np.zeros((size, 2))
        self._nothing = np.full(STATE, np.nan)
        self._nothing[[COUNT, FINITE, NANS, INFINITIES, PICKED]] = 0
        self._directory = np.zeros(DIRECTORY, dtype=np.int64)
        tables = (self._slots, self._limits, self.state, self.fine, self.vectors, self._units, self.picked)
        self._directory[:] = [*(table.ctypes.data for table in tables), len(units)]
        self.forgotten = False
        self._gradients_wanted = any(request.gradient for request in requests)
        self._pools: dict[int, list[Tensor]] = {
            s: [] for s, request in enumerate(requests) if len(request.site.calls) > 1
        }

    def vector(self, slot: int) -> int:
        """Return where in `vectors` begins what is found by channel at a slot."""
        return int(self._slots[slot, VECTOR])

    def pick(self, slot: int) -> int:
        """Return which of `picked` is a slot's."""
        return int(self._slots[slot, PICK])

    def picked_count(self, slot: int) -> int:
        """Return how many values of each single unit there are at a slot."""
        return int(self.state[slot, PICKED])

    def only(self, mask: int) -> None:
        """Look, from now on, for nothing but what is in the mask of Statistic."""
        self._slots[:, REQUESTED] = [request.statistics & mask for request in self._requests]

    def begin(self) -> None:
        """Say that a forward pass begins: sites that it does not come by hold no values."""
        if not self.forgotten:
            self.state[:] = self._nothing
        if self._gradients_wanted:
            self.gradients[:] = 0.0
        self.forgotten = False
        for pool in self._pools.values():
            pool.clear()

    def finish(self) -> None:
        """Say that what was seen is to be read."""
        for slot, pool in self._pools.items():
            if pool:
                self._pass_over(slot, _together(pool))

    def see(self, calls: Sequence[Call], gradients: Mapping[tuple[int, int], Tensor]) -> None:
        """Look at the tensors of a pass that was kept, and at the gradients by them, by call and end."""
        self.begin()
        for slot, request in enumerate(self._requests):
            show = self.show(slot)
            for position in request.site.calls:
                _, given, output = calls[position]
                show(output if request.site.end else given)
                gradient = gradients.get((position, request.site.end))
                if request.gradient and gradient is not None:
                    self._take_gradient(slot, gradient)

    def show(self, slot: int) -> Callable[[Tensor], None]:
        """Return what looks at a tensor that comes by a slot."""
        request, pool = self._requests[slot], self._pools.get(slot)
        if not request.gradient and request.site.normalization is None and pool is None:
            return lambda tensor: self._pass_over(slot, tensor)

        def thorough(tensor: Tensor) -> None:
            if request.gradient and tensor.requires_grad:
                tensor.register_hook(lambda gradient: self._take_gradient(slot, gradient))  # type: ignore[no-untyped-call]
            if request.site.normalization is not None:
                tensor = normalize(request.site.normalization, tensor.detach())
            if pool is None:
                self._pass_over(slot, tensor)
            else:
                pool.append(tensor.detach().clone())

        return thorough

    def show_both(self, given: int, output: int) -> Callable[[Tensor, Tensor], None]:
        """Return what looks at a part's input and output, which both are there after the call."""
        show, show_other = self.show(given), self.show(output)
        directory, meter, usual = self._directory, self._meter, torch.float32
        simple = all(
            not (request.gradient or request.channels or request.site.normalization or len(request.site.calls) > 1)
            for request in (self._requests[given], self._requests[output])
        )

        def both(one: Tensor, other: Tensor) -> None:
            if (
                simple
                and one.dtype is usual
                and other.dtype is usual
                and one.is_contiguous()
                and other.is_contiguous()
                and other.is_cpu
                and not meter.timing
            ):
                pass_over_both(
                    directory, given, one.data_ptr(), one.numel(), output, other.data_ptr(), other.numel()
                )  # fmt: skip
            else:
                show(one)
                show_other(other)

        return both

    def _pass_over(self, slot: int, tensor: Tensor) -> None:
        wide = False
        if not (tensor.dtype is torch.float32 and tensor.is_contiguous() and tensor.is_cpu):
            tensor = readable(tensor)
            wide = tensor.dtype is torch.float64
        request = self._requests[slot]
        together = inner(tensor) if request.channels and request.axis == 1 else 1
        if self._meter.timing:
            self._pass_over_piecewise(slot, (tensor.data_ptr(), tensor.numel(), wide, together))
        else:
            pass_over(self._directory, slot, tensor.data_ptr(), tensor.numel(), wide, together)

    def _pass_over_piecewise(self, slot: int, there: tuple[int, int, bool, int]) -> None:
        """Do the same, each thing that is wanted by itself and timed."""
        requested = Statistic(int(self._slots[slot, REQUESTED]))
        for statistic in requested:
            self._slots[slot, REQUESTED] = statistic
            begin = time.thread_time_ns()
            pass_over(self._directory, slot, *there)
            stages = self._requests[slot].site.name in STAGES
            self._meter.statistic(statistic, time.thread_time_ns() - begin, stages=stages)
        self._slots[slot, REQUESTED] = requested

    def _take_gradient(self, slot: int, gradient: Tensor) -> None:
        begin = time.thread_time_ns()
        values = readable(gradient)
        total, wild = squares(values.data_ptr(), values.numel(), values.dtype is torch.float64)
        self.gradients[slot, 0] += total
        self.gradients[slot, 1] += wild
        if self._meter.timing:
            self._meter.gradient(time.thread_time_ns() - begin)


def _together(tensors: Sequence[Tensor]) -> Tensor:
    """Join what several calls of one part passed: the layer's values are all of them."""
    alike = len({tensor.shape[1:] for tensor in tensors}) == 1
    return torch.cat(list(tensors)) if alike else torch.cat([tensor.reshape(-1) for tensor in tensors])
