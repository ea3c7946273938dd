"""Calls of functions in a pass, as parts of layers: an activation is one, whether it is a module or a function."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from types import FrameType
from typing import Any
from weakref import ref

from torch import Tensor
from typing_extensions import override

from shiftscope.tracing.functions import NORMALIZING, FunctionObserver, Known, Role
from shiftscope.tracing.journal import Call
from shiftscope.tracing.parts import Part
from shiftscope.tracing.producers import Producers
from shiftscope.tracing.sums import SumTracer
from shiftscope.tracing.values import is_plain, main_tensor

Given = Callable[[Call, Tensor], None]
Output = Callable[[Call, Tensor, Tensor], None]
_Begun = tuple[Call | None, int, Tensor]
"""The call that the input is of, the part that the function is (or the parameter is of), and the input."""


class FunctionTracer(FunctionObserver):
    """Shows an observer what functions do with the outputs of layers, and with parameters that no module is for.

    Args:
        parts: those that are functions, or parameters that functions multiply with.
        shown: returns what is shown a part's input, and its input and output.
        producers: of tensors.
        open_call: begins a layer with the output of a part; None where that does not count.
        failed: told of an error, with the part.
        silent: parts of which nothing is shown.
        sums: tells residual sums from other additions.
    """

    def __init__(
        self, parts: Sequence[Part], shown: Callable[[int], tuple[Given | None, Output | None]], producers: Producers,
        open_call: Callable[[int, Tensor], Call | None], failed: Callable[[int, Exception], None],
        silent: Collection[int], sums: SumTracer,
    ) -> None:  # fmt: skip
        self._show = shown
        self._shown = {part.index: shown(part.index) for part in parts}
        self._activations = {part.name: part.index for part in parts if part.kind == "activation"}
        self._parameters: dict[int, tuple[ref[Tensor], int]] = {
            id(parameter): (ref(parameter), part.index)
            for part in parts
            if part.kind == "core"
            for parameter in part.module.parameters()
        }
        self._producers, self._open_call, self._failed, self._silent = producers, open_call, failed, silent
        self._sums = sums
        self.follows = sums.flow is not None
        self._part = -1

    @override
    def begins(self, known: Known, arguments: tuple[Any, ...], caller: FrameType) -> _Begun | None:
        self._part = -1
        if known.role is Role.MULTIPLIES:
            return self._product(arguments)
        if known.role is Role.ADDS:
            part = self._sums.part(arguments, caller)
            return None if part < 0 else (None, part, arguments[0])
        given = arguments[0] if arguments else None
        if not isinstance(given, Tensor) or not is_plain(given):
            return None
        if known.role is Role.MOVES_AXES:
            part = self._parameter(given)
            return None if part < 0 else (None, part, given)
        call = self._producers.call_of(given)
        if call is not None and known.name in NORMALIZING and self._sums.is_sum(call.layer):
            call = None  # a normalization of a sum is a layer by itself, and what follows is none of the sum's
        if call is None or known.role is Role.PASSES_ON:
            return None if call is None else (call, -1, given)
        part = self._part = self._activations[known.name]
        show = self._shown[part][0]
        if show and part not in call.followed and part not in self._silent:
            show(call, given)
        return call, part, given

    @override
    def follow(self, known: Known | None, arguments: tuple[Any, ...], result: object) -> None:
        if self._sums.flow is not None:
            self._sums.flow.follow(known, arguments, result)

    @override
    def ends(self, known: Known, begun: _Begun, result: object) -> None:
        call, part, given = begun
        self._part = part
        values = main_tensor(result)
        if values is None:
            return
        if known.role is Role.MULTIPLIES or known.role is Role.ADDS:
            self._begin_layer(part, values)
        elif call is None:
            self._parameters[id(values)] = ref(values), part
        else:
            self._producers.note(values, call, passed=True)
            if part >= 0 and part not in call.followed:
                self._show_output(call, part, given, values)

    @override
    def report(self, error: Exception) -> None:
        self._failed(max(0, self._part), error)

    def _show_output(self, call: Call, part: int, given: Tensor, values: Tensor) -> None:
        call.followed.add(part)
        show = self._shown[part][1]
        if show and part not in self._silent:
            show(call, given, values)

    def _begin_layer(self, part: int, values: Tensor) -> None:
        call = self._open_call(part, values)
        if call is None:
            return
        self._producers.note(values, call, passed=True)
        if part not in self._shown:  # a sum that was found just now
            self._shown[part] = self._show(part)
        show = self._shown[part][1]
        if show and part not in self._silent:
            show(call, values, values)

    def _product(self, arguments: tuple[Any, ...]) -> _Begun | None:
        """Return the part that is a parameter among the arguments, None where there is none."""
        if not self._parameters:
            return None
        for one in arguments:
            if isinstance(one, Tensor) and (part := self._parameter(one)) >= 0:
                return None, part, one
        return None

    def _parameter(self, tensor: Tensor) -> int:
        """Return the part that a parameter is, or what was made of one by moving its axes; -1 where it is none."""
        known = self._parameters.get(id(tensor))
        return known[1] if known is not None and known[0]() is tensor else -1
