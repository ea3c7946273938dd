"""Seeing through torch.func: what a tensor stands for while a function is made another one, as its gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_map

from shiftscope.tracing.taps import Watcher
from shiftscope.tracing.values import Arguments, Keywords, stands_for_others

_transform = torch._C._functorch.peek_interpreter_stack


def beneath(watcher: Watcher) -> Watcher:
    """Return a watcher that is told of the tensors with values of their own: those of all samples, where `vmap` is.

    What is done to them is no part of the function that is transformed.
    """
    before, after = watcher.before, watcher.after

    def begin(arguments: Arguments, keywords: Keywords) -> None:
        _apply(before, arguments, keywords)

    def end(arguments: Arguments, keywords: Keywords, output: Any) -> None:  # noqa: ANN401  whatever a module gives
        _apply(after, arguments, keywords, output)

    return watcher._replace(before=begin if before else None, after=end if after else None)


def _apply(told: Callable[..., None] | None, *given: Any) -> None:  # noqa: ANN401
    if told is None:
        return
    if _transform() is None:
        told(*given)
        return
    with torch._C._DisableFuncTorch():
        told(*tree_map(_own, given))


def _own(value: Any) -> Any:  # noqa: ANN401
    while isinstance(value, Tensor) and stands_for_others(value):
        value = torch._C._functorch.get_unwrapped(value)
    return value
