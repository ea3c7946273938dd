"""The sites of one network: what is measured at each as forward passes go by.

No tensor is kept: values are measured where they are made, hot in the cache, so that holding on to them neither grows
memory nor changes which memory the network's own tensors get. Where a site is passed several times before an update,
what was found the times before is put aside; which of it counts is known only when the update comes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from weakref import ref

import torch
from torch import Tensor
from typing_extensions import override

from shiftscope.engine.due import Due
from shiftscope.engine.overhead import OverheadMeter
from shiftscope.engine.program import Observer, SiteRequest
from shiftscope.engine.site_passages import Passages
from shiftscope.engine.slot_memory import SlotMemory
from shiftscope.engine.staging import Staging, apart
from shiftscope.kernels import reductions
from shiftscope.kernels.fused_pass import Statistic, pass_over, pass_over_both
from shiftscope.kernels.moments import squares
from shiftscope.kernels.tensor_memory import LOWEST_ADDRESS, OnHost, dense, inner, lies_on_host, located, readable
from shiftscope.tracing.explorer import Exploration, Explored
from shiftscope.tracing.journal import Call
from shiftscope.tracing.normalize import normalize
from shiftscope.tracing.tracer import Given, Output, PartObserver

Slots = tuple[int, ...]
_FLOAT32 = torch.float32
_BY_CHANNEL = Statistic.CHANNEL_MOMENTS | Statistic.UNITS


class SiteSlots(PartObserver):
    """A slot for each site, and what was last measured there.

    Attributes:
        memory: the numbers that are found.
        passages: the calls that have passed since the last update.
        staging: what has passed on devices.
    """

    def __init__(
        self, requests: Sequence[SiteRequest], units: Sequence[int], meter: OverheadMeter, overwriting: Collection[int],
        failed: Callable[[int, Exception], None], on_host: OnHost = lies_on_host,
    ) -> None:  # fmt: skip
        self._requests = requests
        self._on_host = on_host
        self._meter = meter
        self._overwriting = overwriting
        self._failed = failed
        # Hooks at gradients are held by the graph of a loss, which may outlive the network and must not hold it.
        self._own = ref(self)
        self.memory = SlotMemory(requests, units)
        self.passages = Passages(self.memory, requests)
        self.staging = Staging(units)
        self._due_observers: dict[int, list[Observer]] = {}
        self._requested: dict[Due, list[Statistic]] = {}

    def prepare(self, due: Due) -> None:
        """Measure, from the next pass on, what the streams that are due need."""
        if due not in self._requested:
            self._requested[due] = [request.due_statistics(due.streams) for request in self._requests]
        self.memory.request(self._requested[due])
        self._due_observers = {
            slot: [one for one in request.observers if one.requester.stream in due.streams]
            for slot, request in enumerate(self._requests)
            if request.observers
        }

    def clear(self) -> None:
        """Begin anew, after an update."""
        self.passages.clear()
        self.staging.clear()

    def settle(self, confirmed: Collection[Call], scale: float) -> None:
        """Make each slot what the calls that count passed there, all together.

        The gradients by activations are those of the loss times `scale`.
        """
        self.passages.settle(confirmed)
        self.passages.add_gradients(confirmed, self.memory.gradients, scale)

    def replay(self, exploration: Exploration) -> None:
        """Measure the tensors of calls that were kept, and the gradients by them; report an error with its part."""
        self._due_observers = {
            slot: request.observers for slot, request in enumerate(self._requests) if request.observers
        }
        for one in exploration.calls:
            try:
                self._replay_call(one)
            except Exception as error:  # noqa: BLE001  other parts can still be measured
                self._failed(one.part, error)

    def _replay_call(self, one: Explored) -> None:
        for slot, request in enumerate(self._requests):
            site = request.site
            tensor = one.output if site.end else one.given
            if (site.part, site.layer) != (one.part, one.call.layer) or tensor is None:
                continue
            self._measure(slot, one.call, _normalized(request, tensor))
            if request.gradient and (gradient := one.gradients.get(site.end)) is not None:
                self._measure_gradient(slot, one.call, gradient)

    @override
    def before(self, part: int) -> Given | None:
        slots = self._slots_at(part, 0)
        if part not in self._overwriting or not slots:
            return None
        return lambda call, tensor: self._observe(slots.get(call.layer, ()), call, tensor)

    @override
    def after(self, part: int) -> Output | None:
        given_slots, output_slots = self._slots_at(part, 0), self._slots_at(part, 1)
        if part in self._overwriting:
            given_slots = {}
        if not given_slots and not output_slots:
            return None
        both = {
            layer: (given[0], output_slots[layer][0])
            for layer, given in given_slots.items()
            if len(given) == len(output_slots.get(layer, ())) == 1
            and all(self._is_simple(slot) for slot in (given[0], output_slots[layer][0]))
        }

        def passed(call: Call, given: Tensor, output: Tensor) -> None:
            layer = call.layer
            pair = both.get(layer)
            if pair is not None and self._measure_both(pair, call, given, output):
                return
            self._observe(given_slots.get(layer, ()), call, given)
            self._observe(output_slots.get(layer, ()), call, output)

        return passed

    def _slots_at(self, part: int, end: int) -> dict[int, Slots]:
        """Return the slots at the input or output of a part, by layer."""
        found: dict[int, Slots] = {}
        for slot, request in enumerate(self._requests):
            if (request.site.part, request.site.end) == (part, end):
                found[request.site.layer] = (*found.get(request.site.layer, ()), slot)
        return found

    def _is_simple(self, slot: int) -> bool:
        """Whether one compiled call is all that is needed for a tensor of float32 in one piece."""
        request = self._requests[slot]
        return not (request.gradient or request.channels or request.site.normalization or request.observers)

    def _observe(self, slots: Slots, call: Call, tensor: Tensor) -> None:
        for slot in slots:
            request = self._requests[slot]
            if request.gradient and tensor.requires_grad and not tensor.is_leaf:
                self._hook(slot, call, tensor)
            self._measure(slot, call, _normalized(request, tensor))

    def _hook(self, slot: int, call: Call, tensor: Tensor) -> None:
        held = self._own

        def measure(gradient: Tensor) -> None:
            own = held()
            try:
                if own is not None:
                    own._measure_gradient(slot, call, gradient)
            except Exception as error:  # noqa: BLE001  reported: the training must not notice
                if own is not None:
                    own._failed(own._requests[slot].site.part, error)

        tensor.register_hook(measure)  # type: ignore[no-untyped-call]  # torch's

    def _measure_both(self, slots: tuple[int, int], call: Call, given: Tensor, output: Tensor) -> bool:
        """Measure a part's input and output at once, where both are simple tensors and there is nothing to keep."""
        if not (
            given.dtype is output.dtype is _FLOAT32
            and given.is_contiguous()
            and output.is_contiguous()
            and self._on_host(given)
            and self._on_host(output)
            and not self._meter.timing
            and type(output) is type(given) is Tensor
            and not (given.is_neg() or output.is_neg())
        ):
            return False
        address, output_address = given.data_ptr(), output.data_ptr()
        if address < LOWEST_ADDRESS or output_address < LOWEST_ADDRESS:
            return False
        first, second = slots
        count, output_count = given.numel(), output.numel()
        self.passages.enter(first, call, count)
        self.passages.enter(second, call, output_count)
        pass_over_both(self.memory.directory, first, address, count, second, output_address, output_count)
        return True

    def _measure(self, slot: int, call: Call, tensor: Tensor) -> None:
        request = self._requests[slot]
        if request.channels and not _fits(request, tensor):
            self._measure_unfit(slot, call, tensor)
        else:
            self._measure_all(slot, call, tensor)

    def _measure_unfit(self, slot: int, call: Call, tensor: Tensor) -> None:
        """Measure all but what is told by channel, of a tensor that has not as many as there is place for."""
        with self.memory.only(slot, ~_BY_CHANNEL):
            self._measure_all(slot, call, tensor)
        self.memory.forget_channels(slot)

    def _measure_all(self, slot: int, call: Call, tensor: Tensor) -> None:
        if not self._on_host(tensor):
            self._stage(slot, call, tensor)
            return
        request = self._requests[slot]
        given = tensor
        tensor, address, count, wide = located(tensor)
        self.passages.enter(slot, call, count)
        if slot in self._due_observers:
            self._call_observers(slot, given)
        beside = inner(tensor) if request.channels and request.axis == 1 else 1
        if self._meter.timing:
            self._measure_piecewise(slot, (address, count, wide, beside))
        else:
            pass_over(self.memory.directory, slot, address, count, wide, beside)

    def _stage(self, slot: int, call: Call, tensor: Tensor) -> None:
        """Let a tensor be measured on its device."""
        begin = time.thread_time_ns()
        request, wanted = self._requests[slot], self.memory.requested(slot)
        if self.passages.lost:
            return
        try:
            found = self.staging.take(slot, request, wanted, tensor)
        except torch.OutOfMemoryError:
            self._lose()
            return
        self.passages.enter_found(slot, call, found)
        if wanted:
            first = next(iter(wanted))
            self._meter.site(request.statistics[first][0].probe, time.thread_time_ns() - begin)
        if slot in self._due_observers:
            self._call_observers(slot, tensor)

    def _lose(self) -> None:
        """Let go of what has passed on devices: the training needs the room."""
        self.passages.lose()
        self.staging.release()

    def _call_observers(self, slot: int, tensor: Tensor) -> None:
        for one in self._due_observers[slot]:
            begin = time.thread_time_ns()
            self.passages.observed(slot, one, one.function(tensor))
            self._meter.site(one.requester.probe, time.thread_time_ns() - begin)

    def _measure_piecewise(self, slot: int, memory: tuple[int, int, bool, int]) -> None:
        """Measure each statistic by itself, and charge it to the probe that first requested it."""
        for statistic in self.memory.requested(slot):
            with self.memory.only(slot, statistic):
                begin = time.thread_time_ns()
                pass_over(self.memory.directory, slot, *memory)
                spent = time.thread_time_ns() - begin
            self._meter.site(self._requests[slot].statistics[statistic][0].probe, spent)

    def _measure_gradient(self, slot: int, call: Call, gradient: Tensor) -> None:
        begin = time.thread_time_ns()
        if self._on_host(gradient):
            values = readable(gradient)
            total, wild = squares(values.data_ptr(), values.numel(), values.dtype is torch.float64)
            self.passages.enter_gradient(slot, call, total, wild)
        elif not self.passages.lost:
            try:
                with apart():
                    found = reductions.squares(reductions.in_memory_order(dense(gradient))[0])
            except torch.OutOfMemoryError:
                self._lose()
                return
            self.passages.enter_gradient_found(slot, call, found)
        requester = self._requests[slot].gradient
        if requester and self._meter.timing:
            self._meter.site(requester.probe, time.thread_time_ns() - begin)


def _normalized(request: SiteRequest, tensor: Tensor) -> Tensor:
    return tensor if request.site.normalization is None else normalize(request.site.normalization, tensor.detach())


def _fits(request: SiteRequest, tensor: Tensor) -> bool:
    """Whether a tensor has as many channels as there is place for."""
    return tensor.dim() > request.axis and tensor.shape[request.axis] == request.channels
