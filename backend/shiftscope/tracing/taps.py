"""Taps: how the calls of modules are seen while nothing that a user can see of the modules changes.

torch keeps a place on each module for what `module.compile()` makes, `_compiled_call_impl`: where it is filled, it is
called instead of `_call_impl`, and so around everything that belongs to the module: hooks, whoever put them there and
when, and `forward`, whoever wrapped it. Copies and pickles leave it out, scripting, tracing, exporting and compiling
pass it by, and it costs a call less than a hook. A tap stands there only while something is measured.

A class that is copied or pickled in a way of its own may not leave it out: `__getstate__` often copies `__dict__`. On
such a module nothing is put; its class has the place then, and classes are pickled by their names.
"""

from __future__ import annotations

import copyreg
import gc
import sys
from collections.abc import Callable
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary, WeakValueDictionary

import torch
from torch import nn
from torch.compiler import is_dynamo_compiling

from shiftscope.tracing.values import Arguments, Keywords

_PLACE = "_compiled_call_impl"
_tracing = torch._C._get_tracing_state
_frame = sys._getframe


class Watcher(NamedTuple):
    """What is told of each call of a module.

    Attributes:
        before: called with the arguments, before the module is.
        after: called with the arguments and what the module returned.
        failed: called where the module raised instead.
        report: given an error of any of these, which is no business of the module's caller.
    """

    before: Callable[[Arguments, Keywords], None] | None = None
    after: Callable[[Arguments, Keywords, Any], None] | None = None
    failed: Callable[[], None] | None = None
    report: Callable[[Exception], None] | None = None


_WATCHERS = "shiftscope_watchers"
"""The attribute of a tap that lists who watches."""
_INSIDE = "shiftscope_inside"
"""The attribute of a tap that has what stood in its place: compiled code; None where nothing did."""


def _make(module: nn.Module, inside: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """Return a tap for a module; it is a function, which scripting leaves out where it cannot read it."""
    watchers: list[Watcher] = []
    call = inside or module._call_impl

    def tapped(*arguments: Any, **keywords: Any) -> Any:  # noqa: ANN401  whatever the module takes and gives
        if is_dynamo_compiling():
            return module._call_impl(*arguments, **keywords)  # type: ignore[no-untyped-call]  # torch's
        caller = _frame(1).f_locals.get("self")
        if caller is not module and isinstance(caller, nn.Module):
            # A shallow copy, as DataParallel makes of each module for each device: it has parameters of its own.
            return caller._call_impl(*arguments, **keywords)  # type: ignore[no-untyped-call]
        if _tracing() is not None:
            return module._call_impl(*arguments, **keywords)  # type: ignore[no-untyped-call]
        watching = tuple(watchers)
        # Nearly always one, that asks only afterwards; none where another thread has let go of the module just now.
        if watching and (len(watching) > 1 or watching[0].before):
            _tell_before(watching, arguments, keywords)
        try:
            output = call(*arguments, **keywords)
        except BaseException:
            _tell_of_failure(watching)
            raise
        try:
            for watcher in watching:
                if watcher.after:
                    watcher.after(arguments, keywords, output)
        except Exception as error:  # noqa: BLE001  reported: the training must not notice
            _report(watcher, error)
        return output

    setattr(tapped, _WATCHERS, watchers)
    setattr(tapped, _INSIDE, inside)
    return tapped


def _tell_before(watching: tuple[Watcher, ...], arguments: Arguments, keywords: Keywords) -> None:
    try:
        for watcher in watching:
            if watcher.before:
                watcher.before(arguments, keywords)
    except Exception as error:  # noqa: BLE001  reported: the training must not notice
        _report(watcher, error)


def _tell_of_failure(watching: tuple[Watcher, ...]) -> None:
    for watcher in watching:
        if watcher.failed:
            try:
                watcher.failed()
            except Exception as error:  # noqa: BLE001  reported: the training must not notice
                _report(watcher, error)


def _report(watcher: Watcher, error: Exception) -> None:
    if watcher.report is None:
        raise error
    watcher.report(error)


_WAYS = ("__getstate__", "__reduce__", "__reduce_ex__", "__copy__", "__deepcopy__")
_USUAL = tuple(getattr(nn.Module, way, None) for way in _WAYS)
_Tapped = Callable[..., Any]
_BESIDE: WeakKeyDictionary[type, WeakValueDictionary[int, _Tapped]] = WeakKeyDictionary()
"""The taps of modules with ways of their own, by class and id. Who watches holds them: held here, they never went."""


def _has_own_ways(module: nn.Module) -> bool:
    """Whether a module is copied or pickled in another way than torch's modules are."""
    kind = type(module)
    return (
        "__deepcopy__" in module.__dict__
        or kind in copyreg.dispatch_table
        or any(getattr(kind, way, None) is not usual for way, usual in zip(_WAYS, _USUAL, strict=True))
    )


def _beside(self: nn.Module, *arguments: Any, **keywords: Any) -> Any:  # noqa: ANN401  whatever the module takes and gives
    """Call a module of a class that has the place; what torch calls of an instance, if that has none of its own."""
    tapped = None if is_dynamo_compiling() else _BESIDE.get(type(self), _NONE).get(id(self))
    if tapped is None:
        return self._call_impl(*arguments, **keywords)  # type: ignore[no-untyped-call]
    return tapped(*arguments, **keywords)


_NONE: WeakValueDictionary[int, _Tapped] = WeakValueDictionary()


def _find(module: nn.Module) -> _Tapped | None:
    """Return the tap on a module, None where there is none."""
    other = module.__dict__.get(_PLACE)
    if other is None:
        return _BESIDE.get(type(module), _NONE).get(id(module))
    return other if hasattr(other, _WATCHERS) else None


def _put(module: nn.Module) -> _Tapped:
    """Put a tap on a module."""
    inside = module.__dict__.get(_PLACE)
    tapped = _make(module, inside)
    kind = type(module)
    if _has_own_ways(module) and kind.__dict__.get(_PLACE, _beside) is _beside:
        _BESIDE.setdefault(kind, WeakValueDictionary())[id(module)] = tapped
        type.__setattr__(kind, _PLACE, _beside)
    else:
        module.__dict__[_PLACE] = tapped
    return tapped


def _take_away(module: nn.Module, kind: type) -> None:
    """Take the tap away that was put on a module when it was of a class."""
    if _PLACE in module.__dict__:
        inside = getattr(module.__dict__[_PLACE], _INSIDE, None)
        if inside is None:
            del module.__dict__[_PLACE]
        else:
            module.__dict__[_PLACE] = inside
        return
    taps = _BESIDE.get(kind, _NONE)
    taps.pop(id(module), None)
    if not taps and kind.__dict__.get(_PLACE) is _beside:
        type.__delattr__(kind, _PLACE)


def is_wrapper(module: nn.Module) -> bool:
    """Whether a module is what compiling has put around another one."""
    return "_orig_mod" in module._modules


def is_compiled(module: nn.Module) -> bool:
    """Whether calls of a module run compiled code, in which the calls of what it is made of are not seen."""
    held = module.__dict__
    other = held.get(_PLACE)
    return "_orig_mod" in held["_modules"] or (other is not None and getattr(other, _INSIDE, other) is not None)


def wrapper_of(module: nn.Module, *, but: nn.Module | None = None) -> nn.Module | None:
    """Return what torch.compile has put around a module, and holds it, but for one; None where there is no such."""
    kind = getattr(sys.modules.get("torch._dynamo.eval_frame"), "OptimizedModule", None)
    if kind is None:
        return None
    return next(
        (
            one
            for one in gc.get_objects()
            if type(one) is kind and one is not but and one._modules.get("_orig_mod") is module
        ),
        None,
    )


def is_anything_compiled() -> bool:
    """Whether this process has compiled functions: such are compiled anew where functions are observed."""
    compiling = sys.modules.get("torch._dynamo.eval_frame")
    if compiling is None:
        return False
    backends = getattr(compiling, "cached_backends", None)
    return backends is None or any(callable(backend) for backend in backends.values())


class Tap:
    """Lets somebody watch the calls of a module, from `begin` to `end`; by default a compiled one is left alone."""

    __slots__ = ("_compiled", "_kind", "_module", "_tapped", "_watcher")

    def __init__(self, module: nn.Module, watcher: Watcher, *, compiled: bool = False) -> None:
        self._module, self._watcher, self._compiled = module, watcher, compiled
        self._kind = type(module)
        self._tapped: _Tapped | None = None

    def begin(self) -> None:
        """Watch from now on."""
        if self._compiled or not is_compiled(self._module):
            self._tapped = _find(self._module) or _put(self._module)
            self._kind = type(self._module)
            getattr(self._tapped, _WATCHERS).append(self._watcher)

    @property
    def may_be_lost(self) -> bool:
        """Whether it is the class that has the tap."""
        return self._tapped is not None and _PLACE not in self._module.__dict__

    @property
    def lost(self) -> bool:
        """Whether the module is of another class by now, as one that is parametrized."""
        return type(self._module) is not self._kind

    def end(self) -> None:
        """Let go of the module; where nobody else watches it, it is as it was."""
        if self._tapped is None:
            return
        watchers = getattr(self._tapped, _WATCHERS)
        watchers[:] = [one for one in watchers if one is not self._watcher]
        if not watchers and (self.lost or _find(self._module) is self._tapped):
            _take_away(self._module, self._kind)
