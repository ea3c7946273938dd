"""Taps: how the calls of modules are seen while nothing that a user can see of the modules changes.

torch keeps a place on each module for what `module.compile()` makes, `_compiled_call_impl`: where it is filled, it is
called instead of `_call_impl`, and so around everything that belongs to the module: hooks, whoever put them there and
when, and `forward`, whoever wrapped it. Copies and pickles leave it out, scripting, tracing, exporting and compiling
pass it by, and it costs a call less than a hook. A tap stands there only while something is measured.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

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


def _make(module: nn.Module) -> Callable[..., Any]:
    """Return a tap for a module; it is a function, which scripting leaves out where it cannot read it."""
    watchers: list[Watcher] = []

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
            output = module._call_impl(*arguments, **keywords)  # type: ignore[no-untyped-call]
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


def _watchers(module: nn.Module) -> list[Watcher] | None:
    """Return who watches a module, None where there is no tap."""
    found: list[Watcher] | None = getattr(module.__dict__.get(_PLACE), _WATCHERS, None)
    return found


def is_compiled(module: nn.Module) -> bool:
    """Whether calls of a module run compiled code, in which the calls of what it is made of are not seen."""
    other = module.__dict__.get(_PLACE)
    return (other is not None and _watchers(module) is None) or "_orig_mod" in module._modules


def tap(module: nn.Module, watcher: Watcher) -> None:
    """Let somebody watch the calls of a module; a compiled one is left alone."""
    if is_compiled(module):
        return
    if _PLACE not in module.__dict__:
        module.__dict__[_PLACE] = _make(module)
    watchers = _watchers(module)
    if watchers is not None:
        watchers.append(watcher)


def untap(module: nn.Module, watcher: Watcher) -> None:
    """Let go of a module; where nobody else watches it, it is as it was."""
    watchers = _watchers(module)
    if watchers is None:
        return
    watchers[:] = [one for one in watchers if one is not watcher]
    if not watchers:
        del module.__dict__[_PLACE]
