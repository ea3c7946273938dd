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

_PLACE = "_compiled_call_impl"

Arguments = tuple[Any, ...]
Keywords = dict[str, Any]


class Watcher(NamedTuple):
    """What is told of each call of a module; none of it may raise.

    Attributes:
        before: called with the arguments, before the module is.
        after: called with the arguments and what the module returned.
        failed: called where the module raised instead.
    """

    before: Callable[[Arguments, Keywords], None] | None = None
    after: Callable[[Arguments, Keywords, Any], None] | None = None
    failed: Callable[[], None] | None = None


class _Tap:
    """Calls a module, and tells those who watch it; there is one on a module, however many watch."""

    __slots__ = ("module", "watchers")

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        self.watchers: tuple[Watcher, ...] = ()

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:  # noqa: ANN401  whatever the module takes and gives
        module, caller = self.module, sys._getframe(1).f_locals.get("self")
        if caller is not module and isinstance(caller, nn.Module):
            # A shallow copy, as DataParallel makes of each module for each device: it has parameters of its own.
            return caller._call_impl(*arguments, **keywords)  # type: ignore[no-untyped-call]  # torch's
        if torch._C._get_tracing_state() is not None:
            return module._call_impl(*arguments, **keywords)  # type: ignore[no-untyped-call]
        watchers = self.watchers
        for watcher in watchers:
            if watcher.before:
                watcher.before(arguments, keywords)
        try:
            output = module._call_impl(*arguments, **keywords)  # type: ignore[no-untyped-call]
        except BaseException:
            for watcher in watchers:
                if watcher.failed:
                    watcher.failed()
            raise
        for watcher in watchers:
            if watcher.after:
                watcher.after(arguments, keywords, output)
        return output


def is_compiled(module: nn.Module) -> bool:
    """Whether calls of a module run compiled code, in which the calls of what it is made of are not seen."""
    other = module.__dict__.get(_PLACE)
    return (other is not None and not isinstance(other, _Tap)) or "_orig_mod" in module._modules


def tap(module: nn.Module, watcher: Watcher) -> None:
    """Let somebody watch the calls of a module; a compiled one is left alone."""
    if is_compiled(module):
        return
    place = module.__dict__
    if _PLACE not in place:
        place[_PLACE] = _Tap(module)
    place[_PLACE].watchers += (watcher,)


def untap(module: nn.Module, watcher: Watcher) -> None:
    """Let go of a module; where nobody else watches it, it is as it was."""
    place = module.__dict__
    found = place.get(_PLACE)
    if not isinstance(found, _Tap):
        return
    found.watchers = tuple(one for one in found.watchers if one is not watcher)
    if not found.watchers:
        del place[_PLACE]
