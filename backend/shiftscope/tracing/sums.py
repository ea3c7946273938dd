"""Residual sums: what a skip connection leads around is added to it, somewhere in the forward of a module."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from types import CodeType, FrameType
from typing import Any

from torch import Tensor, nn

from shiftscope.tracing.flow import Flow
from shiftscope.tracing.kinds import ResidualSum
from shiftscope.tracing.parts import Part, Sum
from shiftscope.tracing.producers import Producers
from shiftscope.tracing.values import is_plain

_MOST_FRAMES = 64
"""Frames between an addition and the call of the module that it happens in."""
_CALL = nn.Module._wrapped_call_impl.__code__
"""What calls a module. Of no frame of a script's are the variables read: it would hold their values until it ends."""

_MOST_REFUSED = 32
"""Times that an instruction adds no residual sum in the forward of a module, until it is asked about no more."""

_Place = tuple[CodeType, int]
"""The instruction that adds."""
_Key = tuple[str, CodeType, int, int]
"""The module in whose forward a sum is made, the instruction, and the layer that its branch ends with."""


class SumTracer:
    """Tells which additions of a pass are residual sums.

    Those that are known are found again by the instruction that adds, the module in whose forward it does, and the
    layer that the branch ends with (-1 where that is none): a loop over blocks makes a sum for each.

    Args:
        parts: of the network; sums that are found are added to them.
        sums: that are known.
        name_of: returns the name of a module of the network; None of any other.
        found: adds a sum to the parts, and returns which part it is; None where it is not wanted.
        producers: of tensors.
        flow: where the step is explored: of the pass under way.

    Attributes:
        flow: likewise.
    """

    def __init__(
        self, parts: Sequence[Part], sums: Sequence[Sum], name_of: Callable[[nn.Module], str | None],
        found: Callable[[Sum], int | None], producers: Producers, flow: Flow | None,
    ) -> None:  # fmt: skip
        self._parts, self._name_of, self._found = parts, name_of, found
        self._producers, self.flow = producers, flow
        index = {(part.name, part.function): part.index for part in parts}
        self._branches: dict[_Place, int] = {}
        self._known: dict[_Key, int] = {}
        self._refused: Counter[tuple[str, CodeType, int]] = Counter()
        for one in sums:
            self._branches[one.code, one.instruction] = one.branch
            layer = -1 if one.layer is None else index.get(one.layer, -1)
            self._known[one.owner, one.code, one.instruction, layer] = index[one.name, True]

    def is_sum(self, part: int) -> bool:
        """Whether a part is a residual sum."""
        return isinstance(self._parts[part].module, ResidualSum)

    def part(self, arguments: tuple[Any, ...], caller: FrameType) -> int:
        """Return the part that the sum of the first two arguments is, added by this frame; -1 where it is none."""
        place = caller.f_code, caller.f_lasti
        branch = self._branches.get(place)
        if (branch is None and self.flow is None) or not _may_be_residual(arguments):
            return -1
        owner = self._owner(caller)
        if owner is None:
            return -1
        part = None if branch is None else self._known.get(self._key(owner, place, arguments[branch]))
        if part is None and self.flow is not None and self._refused[owner, *place] < _MOST_REFUSED:
            part = self._find(owner, place, arguments, branch, self.flow)
            self._refused[owner, *place] += part is None
        return -1 if part is None else part

    def _key(self, owner: str, place: _Place, values: Tensor) -> _Key:
        call = self._producers.call_of(values)
        return owner, *place, -1 if call is None else call.layer

    def _find(
        self, owner: str, place: _Place, arguments: tuple[Any, ...], branch: int | None, flow: Flow
    ) -> int | None:  # fmt: skip
        """Return the part that a sum is which may not be known yet; None where it is no residual sum."""
        residual = flow.branch(arguments[0], arguments[1])
        if residual is None:
            return None
        values = arguments[residual if branch is None else branch]
        key = self._key(owner, place, values)
        known = self._known.get(key)
        return known if known is not None else self._add(key, residual if branch is None else branch, values)

    def _add(self, key: _Key, branch: int, values: Tensor) -> int | None:
        owner, code, instruction, layer = key
        inside = [part.name for part in self._parts if not part.function and part.kind != "activation"]
        if any(name in ("", owner) or owner.startswith(f"{name}.") for name in inside):
            return None  # a part of a layer
        end = self._parts[layer] if layer >= 0 else None
        named = None if end is None else (end.name, end.function)
        axis = -1 if self.flow is None else self.flow.unit_axis(values)
        part = self._found(Sum(owner, code, instruction, branch, named, ResidualSum(axis)))
        if part is not None:
            self._branches[code, instruction] = branch
            self._known[key] = part
        return part

    def _owner(self, frame: FrameType | None) -> str | None:
        """Return the name of the module that was called last of those whose calls a frame is in."""
        for _ in range(_MOST_FRAMES):
            if frame is None:
                return None
            if frame.f_code is _CALL and (name := self._name_of(frame.f_locals["self"])) is not None:
                return name
            frame = frame.f_back
        return None


def _may_be_residual(arguments: tuple[Any, ...]) -> bool:
    """Whether the first two arguments are tensors of one shape that have units."""
    one, other = arguments[:2] if len(arguments) > 1 else (None, None)
    return (
        isinstance(one, Tensor)
        and isinstance(other, Tensor)
        and one.dim() > 1
        and one.shape == other.shape
        and one.is_floating_point()
        and is_plain(one)
        and is_plain(other)
    )
