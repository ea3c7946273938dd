"""One network's measurements as a table of operations that a single compiled call carries out.

A probe adds operations when the run begins; at a recorded step only the addresses of the tensors change. Python's cost
a step is then that of noting addresses, whatever the number of quantities.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from shiftscope.probes.execute import SLOT, Operation, execute
from shiftscope.probes.kernels import STATE, STRIDE
from shiftscope.probes.structure import Site
from shiftscope.probes.summary import LEVELS


class Place(NamedTuple):
    """Where in a stream's row something is written."""

    stream: int
    offset: int


_NOWHERE = Place(-1, 0)
# Passes over a tensor's values follow each other, while the values are in the cache; what is read from their results
# comes after all of them.
_PASSES = (Operation.MOMENTS, Operation.BINS, Operation.SQUARES, Operation.CHANNEL_MOMENTS)


class _Step(NamedTuple):
    operation: Operation
    slot: int
    place: Place
    argument: int
    constant: int
    other: Place

    @property
    def order(self) -> tuple[int, int, int]:
        passes = self.operation in _PASSES
        return (0, self.slot, self.operation) if passes else (1, self.operation, self.slot)


class Program:
    """Slots, which are tensors found anew at each recorded step, and the operations on them."""

    def __init__(self) -> None:
        self._size = 0
        self._sites: dict[Site, int] = {}
        self._gradients: dict[nn.Parameter, int] = {}
        self._tensors: dict[int, Callable[[], Tensor]] = {}
        self._by_channel: set[int] = set()
        self._steps: dict[_Step, None] = {}
        self._constants: list[float] = [0.0]

    def site(self, site: Site) -> int:
        """Return the slot of the values at a site."""
        same = next((s for s in self._sites if (s.calls, s.end) == (site.calls, site.end)), site)
        if same not in self._sites:
            self._sites[same] = self._new()
        return self._sites[same]

    def gradients(self, parameters: Sequence[nn.Parameter]) -> int:
        """Return the first of the slots, side by side, of these parameters' gradients."""
        first = self._size
        for parameter in parameters:
            self._gradients[parameter] = self._new()
        return first

    def tensor(self, get: Callable[[], Tensor]) -> int:
        """Return a slot for what `get` will return."""
        slot = self._new()
        self._tensors[slot] = get
        return slot

    def add(
        self, operation: Operation, slot: int = 0, place: Place = _NOWHERE, *, argument: int = 0,
        constant: float = 0.0, other: Place = _NOWHERE,
    ) -> None:  # fmt: skip
        """Add an operation, once; see Operation for what `argument`, `constant` and `other` place are to it."""
        if constant not in self._constants:
            self._constants.append(constant)
        if operation is Operation.CHANNEL_MOMENTS:
            self._by_channel.add(slot)
        self._steps[_Step(operation, slot, place, argument, self._constants.index(constant), other)] = None

    def build(self, starts: Mapping[int, int]) -> Runner:
        """Make it ready to run; `starts` says where in the common row each stream's begins."""
        return Runner(self, starts)

    def _new(self) -> int:
        self._size += 1
        return self._size - 1


class Runner:
    """A program with its memory, to be run at each recorded step."""

    def __init__(self, program: Program, starts: Mapping[int, int]) -> None:
        def position(place: Place) -> int:
            return starts.get(place.stream, 0) + place.offset

        table = [
            (
                step.operation,
                step.slot,
                position(step.place),
                step.argument if step.other == _NOWHERE else position(step.other),
                step.constant,
            )
            for step in sorted(program._steps, key=lambda step: step.order)
        ]
        size = program._size
        self._operations = np.array(table, dtype=np.int64).reshape(-1, 5)
        self._constants = np.array(program._constants)
        self._levels = np.array(LEVELS)
        self._state = np.zeros((size, STATE))
        self._fine = np.zeros((size, STRIDE), dtype=np.int32)
        # Written item by item from Python, where array.array is quicker than numpy; both see the same memory.
        self._flat = array("q", bytes(8 * SLOT * size))
        self._slots = np.frombuffer(self._flat, dtype=np.int64).reshape(size, SLOT)
        self._sites = [(slot, site.calls, site.end + 1) for site, slot in program._sites.items()]
        self._gradients = [(slot, parameter) for parameter, slot in program._gradients.items()]
        self._tensors = list(program._tensors.items())
        self._by_channel = program._by_channel
        self._kept: list[Tensor] = []

    def run(self, calls: Sequence[tuple[Any, ...]], row: NDArray[np.float32]) -> None:
        """Measure what the calls (as Call) and the gradients hold now and write it into the row."""
        for slot, positions, end in self._sites:
            if len(positions) == 1:
                self._note(slot, calls[positions[0]][end])
            else:
                self._note(slot, torch.cat([calls[position][end].detach().reshape(-1) for position in positions]))
        for slot, parameter in self._gradients:
            gradient = parameter.grad
            if gradient is None:  # the loss does not depend on it
                self._flat[SLOT * slot + 1] = 0
            else:
                self._note(slot, gradient)
        for slot, get in self._tensors:
            self._note(slot, get())
        execute(self._operations, self._slots, self._constants, self._levels, self._state, self._fine, row)
        self._kept.clear()

    def _note(self, slot: int, tensor: Tensor) -> None:
        if tensor.dtype is not torch.float32 or not tensor.is_contiguous() or not tensor.is_cpu:
            tensor = _readable(tensor)
            self._kept.append(tensor)
        flat, at = self._flat, SLOT * slot
        flat[at] = tensor.data_ptr()
        flat[at + 1] = tensor.numel()
        flat[at + 2] = tensor.dtype is torch.float64
        if slot in self._by_channel:
            flat[at + 3] = _inner(tensor)


def _dense_channels_last(tensor: Tensor) -> bool:
    return (tensor.dim() == 4 and tensor.is_contiguous(memory_format=torch.channels_last)) or (
        tensor.dim() == 5 and tensor.is_contiguous(memory_format=torch.channels_last_3d)
    )


def _readable(tensor: Tensor) -> Tensor:
    """Return the values as float32 or float64 in one piece of the host's memory; in any order, as it lies."""
    tensor = tensor.detach()
    if tensor.layout is not torch.strided:
        tensor = tensor.coalesce().values() if tensor.is_sparse else tensor.to_dense()
    tensor = tensor.to(device="cpu", dtype=torch.float64 if tensor.dtype is torch.float64 else torch.float32)
    return tensor if _dense_channels_last(tensor) else tensor.contiguous()


def _inner(tensor: Tensor) -> int:
    """How many values of one channel, the second axis, lie together in memory."""
    if tensor.dim() < 3 or _dense_channels_last(tensor):
        return 1
    return int(tensor[0, 0].numel())
