"""The modules of a network by name, as torch lists them; and those that Keras keeps in lists of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from torch import nn

from shiftscope.tracing.keras_layers import held_layers, is_keras


def named_modules(root: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Yield a network's modules, each once, by the first name that it has."""
    return _walk(root, "", set()) if "keras" in sys.modules else root.named_modules()


def _walk(module: nn.Module, name: str, seen: set[nn.Module]) -> Iterator[tuple[str, nn.Module]]:
    if module in seen:
        return
    seen.add(module)
    yield name, module
    children = held_layers(module) if is_keras(module) else module._modules.items()
    for own, child in children:
        if child is not None:
            yield from _walk(child, f"{name}.{own}" if name else own, seen)
