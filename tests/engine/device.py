"""A device that there is none of here: tensors of the host, of which nothing may be read."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import shiftscope

PRODUCT = str(Path(shiftscope.__file__).parent)
READING = (
    "item", "tolist", "numpy", "cpu", "data_ptr", "__bool__", "__float__", "__int__", "__index__", "__array__",
)  # fmt: skip
WAITING = ("nonzero", "unique", "bincount", "masked_select", "histc")
"""Functions of torch's whose results depend on values in their size or range: on a device they wait for it."""


class Travelled(AssertionError):
    """A value was read where it may not be."""


@contextmanager
def forbidding(most: int, copies: list[int]) -> Iterator[None]:
    """Let nothing of the product's read a tensor, but for copies of `most` numbers; note how many each has copied."""
    with pytest.MonkeyPatch.context() as patch:
        for owner, names in ((Tensor, READING), (torch, WAITING)):
            for name in names:
                patch.setattr(owner, name, _refusing(name, getattr(owner, name)))
        patch.setattr(Tensor, "copy_", _counting(Tensor.copy_, copies, most))
        patch.setattr(Tensor, "to", _staying(Tensor.to))
        yield


def _is_ours() -> bool:
    """Whether what calls is the product's own code, and not torch's or the training's."""
    frame = inspect.currentframe()
    for _ in range(2):
        frame = None if frame is None else frame.f_back
    return frame is not None and frame.f_code.co_filename.startswith(PRODUCT)


def _refusing(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    def refuse(*arguments: Any, **keywords: Any) -> Any:
        if _is_ours():
            raise Travelled(name)
        return original(*arguments, **keywords)

    return refuse


def _counting(original: Callable[..., Any], copies: list[int], most: int) -> Callable[..., Any]:
    def copy(to: Tensor, source: Tensor, non_blocking: bool = False) -> Tensor:
        if _is_ours() and non_blocking:
            copies.append(source.numel())
            if source.numel() > most:
                raise Travelled(f"a copy of {source.numel()} numbers")
        result: Tensor = original(to, source, non_blocking)
        return result

    return copy


def _staying(original: Callable[..., Any]) -> Callable[..., Any]:
    def to(tensor: Tensor, *arguments: Any, **keywords: Any) -> Any:
        if _is_ours() and any(isinstance(one, str | torch.device) for one in (*arguments, *keywords.values())):
            raise Travelled("to a device")
        return original(tensor, *arguments, **keywords)

    return to
