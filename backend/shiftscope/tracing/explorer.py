"""Exploring the first step: which parts are called in which order, and what the layers are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from weakref import ref

from torch import Size, Tensor
from typing_extensions import override

from shiftscope.tracing.journal import Call
from shiftscope.tracing.kinds import is_elementwise, needs_proof
from shiftscope.tracing.layers import Caller, Layer, Shape, Site, find_layers, merged
from shiftscope.tracing.normalize import normalize
from shiftscope.tracing.parts import Named, Part
from shiftscope.tracing.producers import version
from shiftscope.tracing.room import copied
from shiftscope.tracing.tracer import Given, Output, PartObserver
from shiftscope.tracing.values import is_plain

_ROOM = 16
"""A device has room for a copy where so many times as much is free; else the copy comes to the host."""
BUDGET = 1 << 29
"""Bytes of the first step's tensors that are kept beyond those of its first pass; what comes after is not measured."""


class Known(NamedTuple):
    """What earlier steps have shown, by names: parts may be listed anew since.

    Attributes:
        callers: parts, each with the core of the layer that it was called for.
        shapes: of the first output of each core.
    """

    callers: tuple[tuple[Named, Named], ...] = ()
    shapes: Mapping[Named, Shape] = {}


NOTHING_KNOWN = Known()


@dataclass
class Explored:
    """One call of a part: its tensors as they were, and the gradients by them once these are known.

    `given` and `output` are None where they were too many to be kept; `shape` is the output's.
    """

    part: int
    call: Call
    given: Tensor | None
    output: Tensor | None
    shape: Size
    gradients: dict[int, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Exploration:
    """What the first step showed.

    Attributes:
        layers: in forward order.
        overwriting: parts that write over their input.
        calls: of the parts, with the tensors; `forget` lets go of them.
        known: what this and earlier steps have shown.
    """

    layers: list[Layer]
    overwriting: frozenset[int]
    calls: list[Explored]
    known: Known = NOTHING_KNOWN

    @property
    def unexplored(self) -> frozenset[int]:
        """The cores that were not called so far: what follows them is not known."""
        called = {core for _, core in self.known.callers}
        cores = (layer.core for layer in self.layers)
        return frozenset(core.index for core in cores if (core.name, core.function) not in called)

    def values(self, site: Site) -> Tensor | None:
        """Return the values at a site in the first call that passed it; None where there was none."""
        of_site = (one for one in self.calls if one.part == site.part and one.call.layer == site.layer)
        tensor = next((end for one in of_site if (end := one.output if site.end else one.given) is not None), None)
        return tensor if tensor is None or site.normalization is None else normalize(site.normalization, tensor)

    def forget(self) -> None:
        """Let go of all tensors."""
        self.calls.clear()


class Explorer(PartObserver):
    """Keeps the tensors of a step's calls.

    Args:
        parts: the modules whose calls count.
        gradients: whether to keep the gradients by these tensors, too.
        known: what earlier steps have shown: layers that do not run at this one keep their places.
    """

    def __init__(self, parts: Sequence[Part], *, gradients: bool = False, known: Known = NOTHING_KNOWN) -> None:
        self.discovers = True
        self._parts = parts
        self._known = known
        self._keep_gradients = gradients
        self._calls: list[Explored] = []
        self._before: dict[tuple[Call, int], tuple[Tensor, int, int, Explored]] = {}
        self._clones: dict[int, tuple[ref[Tensor], int, Tensor]] = {}
        self._overwriting: set[int] = set()
        self._kept = 0

    def forget(self) -> None:
        """Let go of all tensors."""
        self._calls.clear()
        self._before.clear()
        self._clones.clear()
        self._kept = 0

    def result(self, confirmed: Collection[Call]) -> Exploration:
        """Return what those calls showed that the update is made of."""
        calls = [one for one in self._calls if one.call in confirmed]
        refuted = self._refuted(calls)
        calls = [one for one in calls if one.part not in refuted]
        shapes: dict[int, tuple[int, ...]] = {}
        for one in calls:
            if one.part == one.call.layer:
                shapes.setdefault(one.part, tuple(one.shape))
        callers, all_shapes = self._with_known([(one.part, one.call.layer) for one in calls], shapes)
        layers = find_layers(self._parts, callers, all_shapes)
        named = [(part.name, part.function) for part in self._parts]
        known = Known(
            tuple((named[part], named[core]) for part, core in dict.fromkeys(callers)),
            {named[core]: shape for core, shape in all_shapes.items()},
        )
        return Exploration(layers, frozenset(self._overwriting), calls, known)

    def _with_known(
        self, now: list[Caller], shapes: Mapping[int, Shape]
    ) -> tuple[list[Caller], Mapping[int, Shape]]:  # fmt: skip
        """Return the calls of this step with those of earlier ones, and the shapes likewise."""
        if not self._known.callers:
            return now, shapes
        index = {(part.name, part.function): part.index for part in self._parts}
        there = [(part, core) for part, core in self._known.callers if part in index and core in index]
        before = [(index[part], index[core]) for part, core in there]
        earlier = {index[core]: shape for core, shape in self._known.shapes.items() if core in index}
        return merged(now, before), {**earlier, **shapes}

    def _refuted(self, calls: Sequence[Explored]) -> set[int]:
        """Return the parts that might have been activations and are none."""
        activations = [part for part in self._parts if part.kind == "activation"]
        doubtful = {part.index for part in activations if needs_proof(part.name, part.module)}
        return doubtful - {one.part for one in calls if one.part in doubtful and is_elementwise(one.given, one.output)}

    @override
    def before(self, part: int) -> Given | None:
        if self._parts[part].kind == "core":
            return None

        def keep(call: Call, given: Tensor) -> None:
            explored = Explored(part, call, self._clone(given, call), None, given.shape)
            self._keep_gradient(given, explored, 0)
            self._before[call, part] = given, version(given), len(self._calls), explored

        return keep

    @override
    def after(self, part: int) -> Output | None:
        if self._parts[part].kind == "core":
            return self._keep_core(part)

        def keep(call: Call, _given: Tensor, output: Tensor) -> None:
            given, before, first, explored = self._before.pop((call, part))
            if not self._parts[part].function:
                self._drop_functions(call, first)
            if version(given) != before:
                self._overwriting.add(part)
            explored.output, explored.shape = self._clone(output, call), output.shape
            self._keep_gradient(output, explored, 1)
            self._calls.append(explored)

        return keep

    def _drop_functions(self, call: Call, first: int) -> None:
        """Let go of the functions that a module has called: the activation is the module."""
        parts = self._parts
        self._calls[first:] = [
            one for one in self._calls[first:] if one.call is not call or not parts[one.part].function
        ]

    def _keep_core(self, part: int) -> Callable[[Call, Tensor, Tensor], None]:
        def keep(call: Call, _given: Tensor, output: Tensor) -> None:
            explored = Explored(part, call, None, self._clone(output, call), output.shape)
            self._keep_gradient(output, explored, 1)
            self._calls.append(explored)

        return keep

    def _clone(self, tensor: Tensor, call: Call) -> Tensor | None:
        """Copy a tensor; what one part gave and the next was given is copied once."""
        known = self._clones.get(id(tensor))
        if known is not None and known[0]() is tensor and known[1] == version(tensor):
            return known[2]
        first = self._calls[0].call.within if self._calls else call.within
        if call.within is not first or call.within is None:
            self._kept += tensor.numel() * tensor.element_size()
            if self._kept > BUDGET:
                return None
        clone = copied(tensor, _ROOM)
        self._clones[id(tensor)] = ref(tensor), version(tensor), clone
        return clone

    def _keep_gradient(self, tensor: Tensor, explored: Explored, end: int) -> None:
        """Keep the gradient by a tensor; it is hooked now, before it may be written over."""

        def keep(gradient: Tensor) -> None:
            # Under torch.func, or where gradients of many losses are asked for at once, it stands for others.
            if is_plain(gradient):
                known = explored.gradients.get(end)
                if known is None:
                    explored.gradients[end] = copied(gradient, _ROOM)
                else:
                    known.add_(gradient.detach().to(known.device))

        if self._keep_gradients and tensor.requires_grad and not tensor.is_leaf:
            tensor.register_hook(keep)  # type: ignore[no-untyped-call]  # torch's
