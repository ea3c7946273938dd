"""Functions of torch's that a forward pass calls without a module: activations, products with parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from sys import _getframe as _frame
from types import FrameType
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import (
    TorchFunctionMode,
    _get_current_function_mode_stack,
    _pop_mode,
    _push_mode,
)
from typing_extensions import override

from shiftscope.tracing.taps import Watcher

_push: Callable[[TorchFunctionMode], None] = _push_mode
_pop: Callable[[], TorchFunctionMode] = _pop_mode
_stack: Callable[[], list[TorchFunctionMode]] = _get_current_function_mode_stack


class Role(Enum):
    """What a function does that is called in a pass."""

    ACTIVATES = "activates"
    PASSES_ON = "passes on"
    MOVES_AXES = "moves axes"
    MULTIPLIES = "multiplies"
    SCALES = "scales"
    ADDS = "adds"


class Known(NamedTuple):
    """What is known of a function: its role, and the activation that it is."""

    role: Role
    name: str = ""


ACTIVATIONS: Mapping[str, type[nn.Module]] = {
    "relu": nn.ReLU, "relu6": nn.ReLU6, "gelu": nn.GELU, "silu": nn.SiLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh,
    "elu": nn.ELU, "selu": nn.SELU, "celu": nn.CELU, "leaky_relu": nn.LeakyReLU, "mish": nn.Mish,
    "softplus": nn.Softplus, "softsign": nn.Softsign, "hardswish": nn.Hardswish, "hardsigmoid": nn.Hardsigmoid,
    "hardtanh": nn.Hardtanh, "logsigmoid": nn.LogSigmoid,
}  # fmt: skip
"""The activations that functions are known to be, by the function's name, as the modules that do the same."""
NORMALIZING = ("batch_norm", "layer_norm", "group_norm", "instance_norm", "rms_norm")
_PASSING_ON = (
    "contiguous", "clone", "to", "float", "half", "bfloat16", "double",
    "dropout", "dropout_", "feature_dropout", "alpha_dropout", "dropout1d", "dropout2d", "dropout3d",
    *NORMALIZING, "max_pool1d", "max_pool2d", "max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d",
)  # fmt: skip
_MOVING_AXES = (
    "view", "reshape", "permute", "transpose", "swapaxes", "movedim", "squeeze", "unsqueeze", "t",
    "__getitem__", "select", "index_select",
)  # fmt: skip
"""Functions whose result is a parameter's matrix where their input is one: with other axes, or one of several."""
_MULTIPLYING = (
    "linear", "matmul", "mm", "bmm", "addmm", "baddbmm", "grouped_mm", "_grouped_mm", "einsum", "conv1d",
    "conv2d", "conv3d", "embedding", "__matmul__", "__rmatmul__",
)  # fmt: skip
_SCALING = ("mul", "multiply", "div", "divide", "true_divide")
_ADDING = ("add",)


def _all_called(name: str) -> Iterator[Callable[..., Any]]:
    """Yield the functions and methods of torch's by a name, those that write over their input too."""
    for place in (functional, torch, Tensor):
        for own in (name, f"{name}_"):
            found = getattr(place, own, None)
            if callable(found):
                yield found


def _known() -> dict[Callable[..., Any], Known]:
    named: list[tuple[Iterable[str], Role]] = [
        (_PASSING_ON, Role.PASSES_ON),
        (_MOVING_AXES, Role.MOVES_AXES),
        (_MULTIPLYING, Role.MULTIPLIES),
        (_SCALING, Role.SCALES),
        (_ADDING, Role.ADDS),
        (ACTIVATIONS, Role.ACTIVATES),
    ]
    found = {one: Known(role, name) for names, role in named for name in names for one in _all_called(name)}
    found[Tensor.T.__get__] = found[Tensor.mT.__get__] = Known(Role.MOVES_AXES)  # type: ignore[attr-defined]
    return found


KNOWN = _known()
_NOTHING: Mapping[str, Any] = {}


class FunctionObserver(Protocol):
    """Who is told of the functions that are known.

    Attributes:
        follows: whether it is told of all functions, after each call.
    """

    follows: bool

    def begins(self, known: Known, arguments: tuple[Any, ...], caller: FrameType) -> Any:  # noqa: ANN401  its own matter
        """Take note that a function is about to be called; return what `ends` needs, None where that is nothing."""

    def follow(self, known: Known | None, arguments: tuple[Any, ...], result: object) -> None:
        """Take note of what any function has returned, before `ends`."""

    def ends(self, known: Known, begun: Any, result: object) -> None:  # noqa: ANN401  likewise
        """Take note of what a function has returned."""

    def report(self, error: Exception) -> None:
        """Report an error of these two, which is no business of the function's caller."""


class FunctionCalls(TorchFunctionMode):
    """Observes calls of the functions that are known, while it is entered; it changes nothing of what they do.

    Args:
        observer: told of the functions.
    """

    def __init__(self, observer: FunctionObserver) -> None:
        super().__init__()
        self._observer = observer

    @override
    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or _NOTHING
        known = KNOWN.get(func)
        if known is None and not self._observer.follows:
            return func(*args, **kwargs)
        begun = None
        if known is not None and known.role is not Role.SCALES:
            try:
                begun = self._observer.begins(known, (*args, *kwargs.values()), _frame(1))
            except Exception as error:  # noqa: BLE001  reported: the training must not notice
                self._observer.report(error)
        result = func(*args, **kwargs)
        if self._observer.follows:
            try:
                self._observer.follow(known, (*args, *kwargs.values()), result)
            except Exception as error:  # noqa: BLE001  reported: the training must not notice
                self._observer.report(error)
        if known is not None and begun is not None:
            try:
                self._observer.ends(known, begun, result)
            except Exception as error:  # noqa: BLE001  reported: the training must not notice
                self._observer.report(error)
        return result


class Presence:
    """Whether functions are observed just now: in one thread, from the outermost pass's beginning to its end."""

    def __init__(self, calls: FunctionCalls, this_thread: Callable[[], int]) -> None:
        self._calls, self._this_thread = calls, this_thread
        self._thread: int | None = None
        self._depth = self._suspended = 0

    def begin(self, *, wanted: bool, outermost: bool) -> None:
        """Observe from now on, if that is wanted and a pass begins; note that one inside it begins."""
        if outermost:
            self.clear()  # the end of the pass before may have been interrupted
        if self._thread is None and wanted:
            self._thread, self._depth, self._suspended = self._this_thread(), 1, 0
            _push(self._calls)
        elif self._thread == self._this_thread():
            self._depth += 1

    def end(self) -> None:
        """Note that a pass ends."""
        if self._thread is not None and self._thread == self._this_thread():
            self._depth -= 1
            if not self._depth:
                self.clear()

    def clear(self) -> None:
        """Observe nothing more."""
        if self._thread is not None and self._thread == self._this_thread():
            if self._calls in _stack():
                self._leave()
            elif not self._suspended:
                return  # a function is being called; the pass's end will do it
            self._thread = None

    def suspend(self) -> None:
        """Observe nothing until it is resumed."""
        if self._thread is not None and self._thread == self._this_thread():
            self._suspended += 1
            if self._suspended == 1 and self._calls in _stack():
                self._leave()

    def resume(self) -> None:
        """Observe again, where that was suspended."""
        if self._thread is not None and self._thread == self._this_thread() and self._suspended:
            self._suspended -= 1
            if not self._suspended:
                _push(self._calls)

    def _leave(self) -> None:
        """Take the mode away, from below others where somebody left theirs there."""
        above: list[TorchFunctionMode] = []
        while (top := _pop()) is not self._calls:
            above.append(top)
        for one in reversed(above):
            _push(one)


_OTHERWISE = (nn.MultiheadAttention, nn.TransformerEncoderLayer, nn.TransformerEncoder)
"""Modules that take another way where functions are observed."""


def _may_take_another_way(module: nn.Module) -> bool:
    """Whether a module would do something else where functions are observed: what is trained takes one way only."""
    if module.training:
        return False
    return not (torch.is_grad_enabled() and all(parameter.requires_grad for parameter in module.parameters()))


def without_functions(root: nn.Module, presence: Presence) -> Iterator[tuple[nn.Module, Watcher]]:
    """Yield modules, and what lets none of their functions be observed where that would change what they do."""

    def watcher(module: nn.Module) -> Watcher:
        suspended: list[bool] = []

        def suspend(*_: object) -> None:
            suspended.append(_may_take_another_way(module))
            if suspended[-1]:
                presence.suspend()

        def resume(*_: object) -> None:
            if suspended and suspended.pop():
                presence.resume()

        return Watcher(suspend, resume, resume)

    for module in root.modules():
        if isinstance(module, _OTHERWISE):
            yield module, watcher(module)
