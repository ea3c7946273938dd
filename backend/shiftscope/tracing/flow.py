"""What each tensor of a pass was made of: known while a step is explored, to tell the sum of a skip connection."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any
from weakref import ref

from torch import Tensor, nn
from torch.autograd.graph import Node
from torch.utils._pytree import tree_leaves

from shiftscope.tracing.functions import NORMALIZING, Known, Role
from shiftscope.tracing.values import is_plain

MOST = 1 << 16
"""Tensors of a pass whose origin is known at most; of those that are made later nothing is."""
_MOST_GRAPH = 4096
"""Steps of a graph that are followed back from what no observed function has made."""
_MOST_WAYS = 4096
"""Steps that are followed back at most from one operand of a sum: of what lies farther away nothing is told."""
_MOST_ENDS = 64
"""Layers at most of those that an operand of a sum comes from directly."""
_SAME = frozenset(
    {"contiguous", "clone", "to", "float", "half", "bfloat16", "double", "dropout", "dropout_", "feature_dropout",
     "alpha_dropout", "dropout1d", "dropout2d", "dropout3d", "max_pool1d", "max_pool2d", "max_pool3d", "avg_pool1d",
     "avg_pool2d", "avg_pool3d"}
)  # fmt: skip
"""Functions whose result stands for their input: scaled, thinned out, in another precision."""


class _Made:
    """How a tensor was made.

    Attributes:
        number: its place in the order of all.
        parents: what it was made of.
        base: what it stands for: itself, or what it is a scaled copy of.
        core: whether a layer has given it out.
        layer: which one; -1 where none has.
        role: of the function that has; None of any other.
        bends: whether an activation or a normalization has.
        source: what that layer was given.
        units: how many units that layer has, and the axis along which they lie.
    """

    __slots__ = ("base", "bends", "core", "layer", "number", "parents", "role", "source", "units")

    def __init__(self, number: int, parents: tuple[_Made, ...]) -> None:
        self.number, self.parents = number, parents
        self.base = self
        self.core = self.bends = False
        self.layer = -1
        self.role: Role | None = None
        self.source: _Made | None = None
        self.units: tuple[int, int] = (0, -1)


class Flow:
    """The origins of a pass's tensors, as the functions tell that are called in it. It keeps no tensor."""

    def __init__(self) -> None:
        self._made: dict[int, tuple[ref[Tensor], _Made]] = {}
        # Of tensors that are alive: what is noted of them ends with them, as the graph behind them may.
        self._nodes: dict[int, Node] = {}
        self._ends: dict[Node, _Made] = {}
        self._count = 0

    def clear(self) -> None:
        """Begin anew, with another pass."""
        self._made.clear()
        self._nodes.clear()
        self._ends.clear()
        self._count = 0

    def follow(self, known: Known | None, arguments: Iterable[Any], result: object) -> None:
        """Note what a function has made of its arguments."""
        results = [result] if type(result) is Tensor else [one for one in tree_leaves(result) if _has_origin(one)]
        if not results or self._count >= MOST:
            return
        given = [one for one in tree_leaves(tuple(arguments)) if _has_origin(one)]
        parents = tuple(dict.fromkeys(map(self._origin, given)))
        bends = known is not None and (known.role is Role.ACTIVATES or known.name in NORMALIZING)
        same = known is not None and len(given) == 1 and (known.role is Role.SCALES or known.name in _SAME)
        for one in results:
            if _has_origin(one):
                made = self._note(one, parents)
                made.bends, made.role = bends, None if known is None else known.role
                if same:
                    made.base = parents[0].base

    def layer(self, layer: int, given: Iterable[Tensor], output: Tensor, axis: int) -> None:
        """Note that a layer has made an output of what it was given, with its units along an axis."""
        sources = [self._origin(one) for one in given if _has_origin(one)]
        made = self._find(output) or self._note(output, tuple(sources))
        made.core, made.layer, made.source = True, layer, sources[0].base if sources else None
        made.units = (output.shape[axis], axis) if output.dim() > max(axis, 0) else (0, -1)

    def unit_axis(self, tensor: Tensor) -> int:
        """Return the axis along which a tensor has the units of the layer that it comes from: 1, or the last, -1."""
        core = next(iter(_cores_behind(self._origin(tensor), 1)[0]), None)
        units, axis = (0, 1 if tensor.dim() > 3 else -1) if core is None else core.units
        at_end, at_channels = tensor.shape[-1] == units, tensor.shape[1] == units
        return axis if at_end == at_channels else 1 if at_channels else -1

    def branch(self, one: Tensor, other: Tensor) -> int | None:
        """Return which of two operands of a sum is the branch around which the other one leads; None where none is.

        That one depends on the other, with a layer between. Or the other is what one layer has made of a tensor (the
        projection of a shortcut) on which that one depends with several between, and more than linear maps.
        A sum that goes round, as a recurrent cell's of its input and its state, has no branch: see `_goes_round`.
        """
        pair = self._origin(one), self._origin(other)
        for index, (branch, skip) in enumerate((pair, pair[::-1])):
            if any(layers > 0 for layers, _ in _between(branch, skip.base)):
                return None if _goes_round(branch, skip, skip.base) else index
        for index, (branch, skip) in enumerate((pair, pair[::-1])):
            source = _source(skip)
            if source is not None and (2, True) in _between(branch, source):
                return None if _goes_round(branch, skip, source) else index
        return None

    def _find(self, tensor: Tensor) -> _Made | None:
        known = self._made.get(id(tensor))
        return known[1] if known is not None and known[0]() is tensor else None

    def _origin(self, tensor: Tensor) -> _Made:
        return self._find(tensor) or self._note(tensor, self._by_graph(tensor))

    def _note(self, tensor: Tensor, parents: tuple[_Made, ...]) -> _Made:
        self._count += 1
        made = _Made(self._count, parents)
        key, nodes, ends = id(tensor), self._nodes, self._ends

        def forget(_: object = None) -> None:
            node = nodes.pop(key, None)
            if node is not None:
                ends.pop(node, None)

        forget()  # it is another tensor's place, or this one was written over
        self._made[key] = ref(tensor, forget), made
        if (node := tensor.grad_fn) is not None:
            nodes[key], ends[node] = node, made
        return made

    def _by_graph(self, tensor: Tensor) -> tuple[_Made, ...]:
        """Return what the graph says that a tensor was made of, where no function was seen that made it."""
        if tensor.grad_fn is None:
            return ()
        ends = self._ends
        found: dict[_Made, None] = {}
        seen: set[Node] = {tensor.grad_fn}
        ahead = [tensor.grad_fn]
        while ahead and len(seen) < _MOST_GRAPH:
            for node, _ in ahead.pop().next_functions:
                if node is None or node in seen:
                    continue
                seen.add(node)
                if node in ends:
                    found[ends[node]] = None
                else:
                    ahead.append(node)
        return tuple(found)


def _has_origin(value: object) -> bool:
    """Whether something is a tensor that was made of others, or others are made of: no parameter, no index."""
    return isinstance(value, Tensor) and value.is_floating_point() and not _is_parameter(value) and is_plain(value)


def _is_parameter(value: Tensor) -> bool:
    return type(value) is not Tensor and isinstance(value, nn.Parameter)


def _between(branch: _Made, start: _Made) -> set[tuple[int, bool]]:
    """Return what lies between on each of the ways: how many layers, up to two, and whether it bends anything.

    It is nothing where the branch does not depend on the start, or where there are too many ways.
    """
    found: set[tuple[int, bool]] = set()
    seen: set[tuple[_Made, int, bool]] = set()
    ahead = [(branch, 0, False)]
    while ahead:
        one, layers, bent = ahead.pop()
        if one is start:
            found.add((layers, bent))
            continue
        layers, bent = min(2, layers + one.core), bent or one.bends
        for parent in one.parents:
            way = parent, layers, bent
            if parent.number >= start.number and way not in seen:
                seen.add(way)
                ahead.append(way)
        if len(seen) > _MOST_WAYS:
            return set()
    return found


def _goes_round(branch: _Made, skip: _Made, start: _Made) -> bool:
    """Whether the same sum was made before on the branch's way: of what other calls of the very same layers gave out.

    So does a recurrent cell's, which is called at each step with the state that it has given out at the one before.
    Around a block that is called again and again leads another skip connection each time: the sum itself.
    """
    ends = _ends(branch, skip)
    layers = {one.layer for one in ends}
    seen = {branch}
    ahead = [branch]
    while ahead:
        one = ahead.pop()
        if one.role is Role.ADDS:
            earlier = _ends(*one.parents)
            if earlier != ends and {core.layer for core in earlier} == layers:
                return True
        new = [parent for parent in one.parents if parent.number > start.number and parent not in seen]
        seen.update(new)
        ahead.extend(new)
    return False


def _ends(*operands: _Made) -> set[_Made]:
    """Return the outputs of layers that tensors come from, without another one between."""
    return {core for one in operands for core in _cores_behind(one, _MOST_ENDS)[0]}


def _source(skip: _Made) -> _Made | None:
    """Return what the one layer was given that a tensor was made by; None where it was made by several, or none.

    What an activation has passed is no shortcut but a branch, or the gate of something else: a recurrent cell's state.
    """
    cores, others = _cores_behind(skip, 2)
    source = cores[0].source if len(cores) == 1 else None
    bent = any(one.role is Role.ACTIVATES for one in others)
    return None if source in others or bent else source


def _cores_behind(made: _Made, most: int) -> tuple[list[_Made], set[_Made]]:
    """Return the outputs of layers, so many at most, that a tensor was made of without another layer, and what else.

    They are none where there is too much else.
    """
    cores: list[_Made] = []
    seen = {made}
    ahead = deque([made])
    while ahead and len(cores) < most:
        one = ahead.popleft()
        if one.core:
            cores.append(one)
            continue
        new = [parent for parent in dict.fromkeys(one.parents) if parent not in seen]
        seen.update(new)
        ahead.extend(new)
        if len(seen) > _MOST_WAYS:
            return [], seen
    return cores, seen
