"""Layers that stand still while the rest of their network goes on training."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from shiftscope.lab.models.faded import batch_norms
from shiftscope.lab.models.recurrent import RowByRow


class Frozen:
    """Modules whose parameters no optimizer touches, and whose buffers keep what they held when this was made.

    Of single `parameters` besides, no optimizer touches these either.
    """

    def __init__(self, modules: Sequence[nn.Module] = (), parameters: Sequence[nn.Parameter] = ()) -> None:
        self._parameters = [*parameters, *(parameter for module in modules for parameter in module.parameters())]
        self._buffers = [(buffer, buffer.clone()) for module in modules for buffer in module.buffers()]

    def restore(self) -> None:
        """Undo what a step did to the buffers: running statistics, counters. Called after the backward pass."""
        with torch.no_grad():
            for buffer, kept in self._buffers:
                buffer.copy_(kept)

    def leave_out(self) -> None:
        """Take the gradients away before the optimizer comes: it passes by what has none, momentum and decay too."""
        for parameter in self._parameters:
            parameter.grad = None


def affine_of(network: nn.Module) -> list[nn.Parameter]:
    """Return gamma and beta of each batch normalization of a network."""
    return [parameter for norm in batch_norms(network) for parameter in norm.parameters(recurse=False)]


def blocks_below(network: nn.Module, layer: str) -> list[nn.Module]:
    """Return all blocks of a network that come before one of them, to be frozen.

    Raises:
        ValueError: there is no such block, none comes before it, or it shares its weights with those before it.
    """
    blocks: list[tuple[str, nn.Module]] = [] if isinstance(network, RowByRow) else list(network.named_children())
    names = [name for name, _ in blocks]
    if layer not in names[1:]:
        known = ", ".join(names[1:]) or "none, for they share their weights"
        raise ValueError(f"nothing can be frozen below {layer!r}; there are layers below {known}")
    return [module for _, module in blocks[: names.index(layer)]]
