"""The sites of one network: what is measured at each as a forward pass goes by.

Nothing is kept: values are measured where they are made, hot in the cache, so that holding on to them neither grows
memory nor changes which memory the network's own tensors get.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from typing_extensions import override

from shiftscope.engine.due import Due
from shiftscope.engine.overhead import OverheadMeter
from shiftscope.engine.program import Observer, SiteRequest
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
from shiftscope.tracing.explorer import Exploration, together
from shiftscope.tracing.normalize import normalize
from shiftscope.tracing.wrappers import SiteObserver


class SiteSlots(SiteObserver):
    """A slot for each site, and what was last measured there.

    Attributes:
        state: float64, shape (slots, STATE).
        fine: int32, shape (slots, STRIDE): fine histograms.
        vectors: float32: statistics by channel.
        picked: float64, shape (sites with single units, units, MOST_PICKED): values of single units.
        gradients: float64, shape (slots, 2): sum of squares, and count of what is not finite, of the gradients.
        forgotten: whether the last pass was read, and compiled code has made all as it is before a pass.
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
            statistics = request.all_statistics()
            self._slots[slot] = statistics, request.channels, end, picks
            end += 2 * request.channels if statistics & Statistic.CHANNEL_MOMENTS else 0
            picks += bool(statistics & Statistic.UNITS)
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
        self._any_gradient = any(request.gradient for request in requests)
        self._pools: dict[int, list[Tensor]] = {
            slot: [] for slot, request in enumerate(requests) if len(request.site.calls) > 1
        }
        self._observers: dict[int, list[Observer]] = {
            slot: request.observers for slot, request in enumerate(requests) if request.observers
        }
        self._requested: dict[Due, list[Statistic]] = {}

    def vector(self, slot: int) -> int:
        """Return where in `vectors` begin the statistics by channel of a slot."""
        return int(self._slots[slot, VECTOR])

    def pick(self, slot: int) -> int:
        """Return which of `picked` is a slot's."""
        return int(self._slots[slot, PICK])

    def picked_count(self, slot: int) -> int:
        """Return how many values of each single unit there are at a slot."""
        return int(self.state[slot, PICKED])

    def prepare(self, due: Due) -> None:
        """Measure, from the next pass on, what the streams that are due need."""
        if due not in self._requested:
            self._requested[due] = [request.due_statistics(due.streams) for request in self._requests]
        self._slots[:, REQUESTED] = self._requested[due]
        self._observers = {
            slot: [one for one in request.observers if one.requester.stream in due.streams]
            for slot, request in enumerate(self._requests)
            if request.observers
        }

    @override
    def begin(self) -> None:
        # Sites that the pass does not come by hold no values.
        if not self.forgotten:
            self.state[:] = self._nothing
        if self._any_gradient:
            self.gradients[:] = 0.0
        self.forgotten = False
        for observers in self._observers.values():
            for one in observers:
                one.latest[:] = np.nan
        for pool in self._pools.values():
            pool.clear()

    def finish(self) -> None:
        """Finish, before what was measured is read."""
        for slot, pool in self._pools.items():
            if pool:
                self._measure(slot, together(pool))

    def replay(self, exploration: Exploration) -> None:
        """Measure the tensors of a pass that was kept, and the gradients by them."""
        self.begin()
        for slot, request in enumerate(self._requests):
            observe = self.observer(slot)
            for position in request.site.calls:
                _, given, output = exploration.calls[position]
                observe(output if request.site.end else given)
                gradient = exploration.gradients.get((position, request.site.end))
                if request.gradient and gradient is not None:
                    self._measure_gradient(slot, gradient)

    @override
    def observer(self, slot: int) -> Callable[[Tensor], None]:
        request, pool = self._requests[slot], self._pools.get(slot)
        if not request.gradient and request.site.normalization is None and pool is None:
            return lambda tensor: self._measure(slot, tensor)

        def thorough(tensor: Tensor) -> None:
            if request.gradient and tensor.requires_grad:
                tensor.register_hook(lambda gradient: self._measure_gradient(slot, gradient))  # type: ignore[no-untyped-call]
            if request.site.normalization is not None:
                tensor = normalize(request.site.normalization, tensor.detach())
            if pool is None:
                self._measure(slot, tensor)
            else:
                pool.append(tensor.detach().clone())

        return thorough

    @override
    def observer_of_both(self, given: int, output: int) -> Callable[[Tensor, Tensor], None]:
        observe, observe_other = self.observer(given), self.observer(output)
        directory, meter, usual = self._directory, self._meter, torch.float32
        simple = all(self._is_simple(self._requests[slot]) for slot in (given, output))

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
                observe(one)
                observe_other(other)

        return both

    @staticmethod
    def _is_simple(request: SiteRequest) -> bool:
        """Whether one compiled call is all that is needed for a tensor of float32 in one piece."""
        more = request.gradient or request.channels or request.site.normalization or request.observers
        return not more and len(request.site.calls) == 1

    def _measure(self, slot: int, tensor: Tensor) -> None:
        for one in self._observers.get(slot, ()):
            begin = time.thread_time_ns()
            one.latest[:] = one.function(tensor)
            self._meter.site(one.requester.probe, time.thread_time_ns() - begin)
        wide = False
        if not (tensor.dtype is torch.float32 and tensor.is_contiguous() and tensor.is_cpu):
            tensor = readable(tensor)
            wide = tensor.dtype is torch.float64
        request = self._requests[slot]
        beside = inner(tensor) if request.channels and request.axis == 1 else 1
        if self._meter.timing:
            self._measure_piecewise(slot, (tensor.data_ptr(), tensor.numel(), wide, beside))
        else:
            pass_over(self._directory, slot, tensor.data_ptr(), tensor.numel(), wide, beside)

    def _measure_piecewise(self, slot: int, memory: tuple[int, int, bool, int]) -> None:
        """Measure each statistic by itself, and charge it to the probe that first requested it."""
        requested = Statistic(int(self._slots[slot, REQUESTED]))
        for statistic in requested:
            self._slots[slot, REQUESTED] = statistic
            begin = time.thread_time_ns()
            pass_over(self._directory, slot, *memory)
            requester = self._requests[slot].statistics[statistic][0]
            self._meter.site(requester.probe, time.thread_time_ns() - begin)
        self._slots[slot, REQUESTED] = requested

    def _measure_gradient(self, slot: int, gradient: Tensor) -> None:
        begin = time.thread_time_ns()
        values = readable(gradient)
        total, wild = squares(values.data_ptr(), values.numel(), values.dtype is torch.float64)
        self.gradients[slot, 0] += total
        self.gradients[slot, 1] += wild
        requester = self._requests[slot].gradient
        if requester and self._meter.timing:
            self._meter.site(requester.probe, time.thread_time_ns() - begin)
